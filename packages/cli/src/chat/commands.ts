/** A line of a chat: a question, or an order that begins with a slash. */
export type ChatLine =
  | { readonly type: "nothing" }
  | { readonly type: "question"; readonly text: string }
  | { readonly type: "order"; readonly name: string; readonly argument: string };

/** Names of the orders, with what /help says of them. */
export const ORDERS = {
  "/role": "[NAME, …]         ask as someone with these roles; the conversation starts anew",
  "/mode": "ARM               base, retrieval, adapter or hybrid",
  "/adapter": "NAME [FACTOR]  steer with an adapter; none for no adapter",
  "/sources": "               the passages that the last answer was given",
  "/new": "                   forget the conversation so far",
  "/help": "                  this list",
  "/quit": "                  leave, as do Ctrl-D and Ctrl-C twice",
} as const;

export type OrderName = keyof typeof ORDERS;

export function parseChatLine(line: string): ChatLine {
  const text = line.trim();
  if (text === "") return { type: "nothing" };
  if (!text.startsWith("/")) return { type: "question", text };
  const [name = "", ...rest] = text.split(/\s+/);
  return { type: "order", name: name === "/exit" ? "/quit" : name, argument: rest.join(" ") };
}

export function isOrderName(name: string): name is OrderName {
  return name in ORDERS;
}
