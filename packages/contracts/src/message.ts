import { z } from "zod";

/** Limit on one message, so that a hostile one is refused before it is tokenised. */
export const MAX_MESSAGE_LENGTH = 1024 * 1024;

/**
 * One turn of a conversation. Its content is data: chat-template marks inside it are tokenised as plain text, so a
 * page that holds `<|im_end|>` cannot end its turn.
 */
export const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string().max(MAX_MESSAGE_LENGTH),
});
/** One turn of a conversation. */
export type Message = z.infer<typeof messageSchema>;
