import { messageSchema } from "@advisor/contracts";
import { z } from "zod";
import { isZodType } from "./format/compile-format.ts";

/** Messages of one request. More is a loop gone wild, not a conversation. */
const MAX_MESSAGES = 1024;
/** Stop strings of one request: each is searched for at every token. */
const MAX_STOP_STRINGS = 64;
/** Factor on an adapter's update, either way. Beyond it a model writes noise. */
const MAX_SCALE = 8;
/** Candidates of one likelihood request, or texts of one choice. */
const MAX_CANDIDATES = 4096;

const signal = z.instanceof(AbortSignal).optional();
const messages = z.array(messageSchema).min(1, "there are no messages").max(MAX_MESSAGES).readonly();
const adapter = z
  .strictObject({
    name: z.string().min(1),
    scale: z.number().min(-MAX_SCALE).max(MAX_SCALE).optional(),
  })
  .optional();

const outputFormat = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("gbnf"), grammar: z.string() }),
  z.strictObject({
    type: z.literal("json"),
    schema: z.union([z.custom<z.ZodType>(isZodType), z.record(z.string(), z.unknown())]),
  }),
  z.strictObject({
    type: z.literal("choice"),
    choices: z.array(z.string().min(1, "a choice is empty")).min(1, "there is no choice").max(MAX_CANDIDATES),
  }),
]);

export const generateRequestSchema = z.strictObject({
  messages,
  adapter,
  maxTokens: z.number().int().positive().default(512),
  temperature: z.number().min(0).max(100).default(0),
  topP: z.number().gt(0).max(1).default(0.95),
  topK: z.number().int().positive().default(40),
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
  stop: z.array(z.string().min(1)).max(MAX_STOP_STRINGS).default([]),
  format: outputFormat.optional(),
  signal,
});
export type ParsedGenerateRequest = z.output<typeof generateRequestSchema>;

export const likelihoodRequestSchema = z.strictObject({
  messages,
  adapter,
  candidates: z.array(z.string().min(1, "a candidate is empty")).max(MAX_CANDIDATES),
  signal,
});
