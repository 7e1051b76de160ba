import { type Message, ModelError, type Warning } from "@advisor/contracts";
import { Template } from "@huggingface/jinja";

/** A prompt in pieces: what the template wrote, and where contents go. */
export type PromptPart =
  | { readonly type: "template"; readonly text: string }
  | { readonly type: "content"; readonly text: string };

export interface RenderedPrompt {
  readonly parts: readonly PromptPart[];
  readonly text: string;
}

export interface ChatTemplate {
  /** Lays messages out, ready for the assistant's reply. */
  render(messages: readonly Message[]): RenderedPrompt;
  /** What the template writes right after an assistant's reply, such as `<|im_end|>`; empty when that is not known. */
  readonly afterReply: string;
  readonly warnings: readonly Warning[];
}

export interface ChatTemplateSource {
  readonly modelName: string;
  readonly template: string | undefined;
  readonly bosText: string;
  readonly eosText: string;
}

/** Used when a model brings no template. Most open models without one were trained on this layout or none. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

// Contents never enter the template: it sees these stand-ins, of characters that no template writes. The form feeds
// around them show whether it trims contents, since that would swallow them.
const OPEN = "\uE0F0";
const CLOSE = "\uE0F1";
const PAD = "\f";
const STAND_IN = new RegExp(`(${PAD}?)${OPEN}(\\d+)${CLOSE}(${PAD}?)`, "gu");
const standIn = (index: number) => `${PAD}${OPEN}${index}${CLOSE}${PAD}`;

/** A message as the template sees it, with the contents it stands for. */
interface Turn {
  readonly role: Message["role"];
  readonly content: string;
}

const SEPARATOR = "\n\n";

/** The system message into the first user message, for templates that know no system role. */
function foldSystem(turns: readonly Turn[]): readonly Turn[] {
  const system = turns.filter(({ role }) => role === "system").map(({ content }) => content);
  const rest = turns.filter(({ role }) => role !== "system");
  if (system.length === 0) return rest;
  const first = rest.findIndex(({ role }) => role === "user");
  if (first < 0) return [{ role: "user", content: system.join(SEPARATOR) }, ...rest];
  return rest.map((turn, index) =>
    index === first ? { role: "user", content: [...system, turn.content].join(SEPARATOR) } : turn,
  );
}

/** Neighbours of one role joined, starting with the user, for templates that insist on taking turns. */
function alternate(turns: readonly Turn[]): readonly Turn[] {
  const joined: Turn[] = [];
  for (const turn of turns) {
    const last = joined.at(-1);
    if (last?.role === turn.role) {
      joined[joined.length - 1] = { role: turn.role, content: [last.content, turn.content].join(SEPARATOR) };
    } else {
      joined.push(turn);
    }
  }
  const first = joined.findIndex(({ role }) => role !== "system");
  if (first >= 0 && joined[first]?.role === "assistant")
    joined.splice(first, 0, { role: "user", content: "" });
  return joined;
}

const LAYOUTS: readonly ((turns: readonly Turn[]) => readonly Turn[])[] = [
  (turns) => turns,
  foldSystem,
  alternate,
  (turns) => alternate(foldSystem(turns)),
];

/**
 * Compiles a model's chat template (Jinja, as in `tokenizer.chat_template`). A model without one gets ChatML, with the
 * warning `chat_template_missing`.
 */
export function compileChatTemplate(source: ChatTemplateSource): ChatTemplate {
  const warnings: Warning[] = [];
  if (!source.template) {
    warnings.push({
      code: "chat_template_missing",
      message: `${source.modelName} has no chat template, so ChatML is used. Its answers may be poor.`,
    });
  }
  let template: Template;
  try {
    template = new Template(source.template || CHATML);
  } catch (cause) {
    throw new ModelError({
      code: "model_unsupported",
      subject: source.modelName,
      reason: `its chat template cannot be read: ${(cause as Error).message}`,
      nextStep: "Use a GGUF with a corrected template",
      cause,
    });
  }

  function tryLayout(turns: readonly Turn[], addGenerationPrompt: boolean): RenderedPrompt | Error {
    let written: string;
    try {
      written = template.render({
        messages: turns.map(({ role }, index) => ({ role, content: standIn(index) })),
        add_generation_prompt: addGenerationPrompt,
        bos_token: source.bosText,
        eos_token: source.eosText,
        // Reasoning models would otherwise open with their thoughts, and an answer here is the text alone.
        enable_thinking: false,
        tools: null,
        documents: null,
      });
    } catch (cause) {
      return cause as Error;
    }
    return fillIn(written, turns);
  }

  function renderTurns(messages: readonly Turn[], addGenerationPrompt = true): RenderedPrompt {
    let problem: Error | undefined;
    for (const layout of LAYOUTS) {
      const rendered = tryLayout(layout(messages), addGenerationPrompt);
      if (!(rendered instanceof Error)) return rendered;
      problem ??= rendered;
    }
    throw new ModelError({
      code: "model_unsupported",
      subject: source.modelName,
      reason: `its chat template does not take these messages: ${problem?.message}`,
      nextStep: "Give a system message first, if any, then user and assistant messages in turn",
      cause: problem,
    });
  }

  return {
    render: renderTurns,
    afterReply: findAfterReply(renderTurns),
    warnings,
  };
}

/** Puts contents where their stand-ins are. Each must stand there exactly once, or a message would be lost. */
function fillIn(written: string, turns: readonly Turn[]): RenderedPrompt | Error {
  const parts: PromptPart[] = [];
  const seen = new Set<number>();
  let end = 0;
  for (const match of written.matchAll(STAND_IN)) {
    const turn = Number(match[2]);
    if (seen.has(turn)) return new Error(`it repeats message ${turn + 1}`);
    seen.add(turn);
    const content = turns[turn]?.content ?? "";
    const before = written.slice(end, match.index);
    if (before) parts.push({ type: "template", text: before });
    const left = match[1] ? content : content.trimStart();
    const text = match[3] ? left : left.trimEnd();
    if (text) parts.push({ type: "content", text });
    end = match.index + match[0].length;
  }
  const lost = turns.findIndex((_, index) => !seen.has(index));
  if (lost >= 0) return new Error(`it leaves out the ${turns[lost]?.role} message`);
  const rest = written.slice(end);
  if (rest) parts.push({ type: "template", text: rest });
  return { parts, text: parts.map(({ text }) => text).join("") };
}

function findAfterReply(render: (turns: readonly Turn[], prompt: boolean) => RenderedPrompt): string {
  try {
    const { parts } = render(
      [
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
      ],
      false,
    );
    const reply = parts.findLastIndex(({ type }) => type === "content");
    return parts[reply + 1]?.text ?? "";
  } catch {
    return "";
  }
}
