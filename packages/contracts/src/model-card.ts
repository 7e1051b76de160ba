import { z } from "zod";
import { groundingSchema } from "./answer.ts";
import { promptFormatSchema } from "./prompt-format.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const common = {
  name: z.string().min(1),
  /** Relative to the card. */
  file: z.string().min(1),
  sha256,
  bytes: z.number().int().positive(),
  license: z.string().min(1),
  /** What it was trained on, with licences. */
  data: z.string().min(1),
  /** What it cannot do, in plain words. */
  limits: z.array(z.string().min(1)).min(1),
};

/** Weights of the sentence scorer's features for this model, found on data set apart for tuning (see docs/grounding.md). */
export const evidenceSettingsSchema = z.strictObject({
  lexicalWeight: z.number().min(0),
  embeddingWeight: z.number().min(0),
  /** Weight of the model's own likelihood of a sentence. 0 leaves it out, and then it is never computed. */
  likelihoodWeight: z.number().min(0),
  /** Score under which no sentence counts as an answer, so the advisor says that the sources do not hold one. */
  refusalThreshold: z.number(),
  /**
   * How many sentences the model may choose among, of those that score about as well as the best. Default 1: the scorer
   * decides alone.
   */
  maxChoices: z.number().int().min(1).optional(),
});
/** How a model's quoted answers are scored and refused. */
export type EvidenceSettings = z.infer<typeof evidenceSettingsSchema>;

/** Card of a chat model, read as data: exchanging the model exchanges its card and nothing else. */
export const chatModelCardSchema = z.strictObject({
  kind: z.literal("chat"),
  ...common,
  contextLength: z.number().int().positive(),
  /** Longest prompt it was found to handle, in its own tokens. Longer ones come with a warning. */
  reliablePromptTokens: z.number().int().positive(),
  /** Grounding an advisor uses when the caller names none. */
  grounding: groundingSchema,
  /** The one of its own adapters that an advisor uses when nobody names one. Without it, and with several, each request has to name one. */
  defaultAdapter: z.string().min(1).optional(),
  prompt: promptFormatSchema,
  evidence: evidenceSettingsSchema,
});
/** Facts and settings of a chat model. */
export type ChatModelCard = z.infer<typeof chatModelCardSchema>;

/** Card of a sentence embedder for transformers.js. `file` is the model's folder; `sha256` is of its ONNX file. */
export const embedderCardSchema = z.strictObject({
  kind: z.literal("embedder"),
  ...common,
  /** SHA-256 of the other files that decide its vectors, by their names in the folder: a tokenizer as much as weights. */
  files: z.record(z.string().min(1), sha256).optional(),
  dimensions: z.number().int().positive(),
  maxTokens: z.number().int().positive(),
  /** Weight of the vector leg against the keyword leg in a hybrid search, found on data set apart for tuning. */
  vectorWeight: z.number().min(0).max(1),
});
/** Facts and settings of a sentence embedder. */
export type EmbedderCard = z.infer<typeof embedderCardSchema>;
