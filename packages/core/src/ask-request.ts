import {
  filterSchema,
  groundingSchema,
  instantSchema,
  MAX_QUERY_LENGTH,
  MAX_TOP_K,
  messageSchema,
  modeSchema,
  neighboursSchema,
  type OutputFormat,
  parseInput,
  principalSchema,
  searchModeSchema,
} from "@advisor/contracts";
import { z } from "zod";
import { adapterChoiceSchema, parseMode } from "./settings.ts";

/** Limit on earlier turns: more than any window holds, few enough to go through on each question. */
const MAX_HISTORY = 1000;
/** Limit on an answer's length in tokens: no model of today writes more in one turn. */
const MAX_ANSWER_TOKENS = 131_072;
const DEFAULT_ANSWER_TOKENS = 256;

const signalSchema = z.custom<AbortSignal>((value) => value instanceof AbortSignal, "must be an AbortSignal");

/** Said without a model and searched, so white space alone is no question. */
const questionSchema = z
  .string()
  .max(MAX_QUERY_LENGTH)
  .refine((text) => text.trim() !== "", "must not be empty");

/** A turn of a conversation. A system message in it would let whoever wrote the history give the model orders. */
const turnSchema = messageSchema.refine(
  ({ role }) => role !== "system",
  "holds a system message; history takes the turns of user and assistant alone",
);

const outputFormatSchema = z.custom<OutputFormat>((value) => {
  if (typeof value !== "object" || value === null) return false;
  const format = value as Record<string, unknown>;
  if (format.type === "gbnf") return typeof format.grammar === "string";
  if (format.type === "choice") return Array.isArray(format.choices);
  return format.type === "json" && typeof format.schema === "object" && format.schema !== null;
}, 'must be {type: "json", schema}, {type: "choice", choices} or {type: "gbnf", grammar}');

const askRequestSchema = z.strictObject({
  question: questionSchema,
  history: z.array(turnSchema).max(MAX_HISTORY).default([]),
  mode: modeSchema.optional(),
  grounding: groundingSchema.optional(),
  adapter: adapterChoiceSchema.optional(),
  principal: principalSchema.optional(),
  filter: filterSchema.optional(),
  neighbours: neighboursSchema.optional(),
  topK: z.number().int().min(1).max(MAX_TOP_K).optional(),
  searchMode: searchModeSchema.default("hybrid"),
  asOf: instantSchema.optional(),
  maxTokens: z.number().int().min(1).max(MAX_ANSWER_TOKENS).default(DEFAULT_ANSWER_TOKENS),
  temperature: z.number().min(0).default(0),
  seed: z.number().int().min(0).max(0xffffffff).optional(),
  format: outputFormatSchema.optional(),
  includePrompt: z.boolean().default(false),
  signal: signalSchema.optional(),
});

/** A question with the defaults that do not depend on the advisor filled in. */
export type ParsedAskRequest = z.output<typeof askRequestSchema>;

/** @throws BadInputError that names the field. */
export function parseAskRequest(request: unknown): ParsedAskRequest {
  const value = typeof request === "string" ? { question: request } : request;
  parseMode(value, "ask request");
  return parseInput(askRequestSchema, value, "ask request");
}

const searchOptionsSchema = z.strictObject({
  query: questionSchema,
  principal: principalSchema.optional(),
  filter: filterSchema.optional(),
  neighbours: neighboursSchema.optional(),
  copies: z.enum(["fold", "keep"]).optional(),
  topK: z.number().int().min(1).max(MAX_TOP_K).optional(),
  mode: searchModeSchema.default("hybrid"),
  asOf: instantSchema.optional(),
  signal: signalSchema.optional(),
});

/** @throws BadInputError that names the field. */
export function parseSearch(query: unknown, options: unknown): z.output<typeof searchOptionsSchema> {
  const given = options === undefined ? {} : parseInput(z.looseObject({}), options, "search options");
  return parseInput(searchOptionsSchema, { ...given, query }, "search");
}
