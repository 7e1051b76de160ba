import { z } from "zod";
import type { Pooling } from "./gguf/architectures.ts";

/** How a GGUF embedder is loaded. Only `path` is needed. */
export interface GgufEmbedderSettings {
  /** Of an embedding model in GGUF format; a chat model serves too, though less well. */
  readonly path: string;
  /** Default: the model's own (`general.name`), else its file's. */
  readonly name?: string;
  /** The whole file's SHA-256 in lower-case hexadecimal. Another file refuses to load. Default: not checked. */
  readonly sha256?: string;
  /** How the vectors of a text's tokens become one. Default: what the file's header says, else `mean`. */
  readonly pooling?: Pooling;
  /** Put before a question, such as `query: `. Default none. */
  readonly queryPrefix?: string;
  /** Put before a passage, such as `passage: `. Default none. */
  readonly passagePrefix?: string;
  /** Keeps only the first so many numbers of a vector, for models made for it (Matryoshka). Default: all. */
  readonly dimensions?: number;
  /** Longest text in tokens, special ones included; what lies beyond is not seen. Default: the model's own, at most 1,024. */
  readonly maxTokens?: number;
  /** Default `auto`: a GPU when llama.cpp finds one, else the CPU. */
  readonly gpu?: "auto" | false;
  /** CPU threads. Default: one for models under 100 million parameters, else all cores that are useful for math. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

const prefix = z.string().max(2000).default("");

export const ggufEmbedderSettingsSchema = z.strictObject({
  path: z.string().min(1, "is empty"),
  name: z.string().min(1).max(256).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be a lower-case hexadecimal SHA-256")
    .optional(),
  pooling: z.enum(["mean", "cls", "last"]).optional(),
  queryPrefix: prefix,
  passagePrefix: prefix,
  dimensions: z.number().int().min(1).optional(),
  maxTokens: z.number().int().min(8).optional(),
  gpu: z.union([z.literal("auto"), z.literal(false)]).default("auto"),
  threads: z.number().int().min(1).max(512).optional(),
  signal: z.instanceof(AbortSignal).optional(),
});
