import type { OnProgress } from "@advisor/contracts";
import { z } from "zod";

/** How a model is loaded. Only `path` is needed. */
export interface LoadModelSettings {
  /** Of a chat model in GGUF format. */
  readonly path: string;
  /** Default: the model's own (`general.name`), else its file's. */
  readonly name?: string;
  /** The whole file's SHA-256 in lower-case hexadecimal. Another file refuses to load. Default: not checked. */
  readonly sha256?: string;
  /** In tokens. Default: the model's own, at most 8,192. */
  readonly contextLength?: number;
  /** Default `auto`: a GPU when llama.cpp finds one, else the CPU. */
  readonly gpu?: "auto" | false;
  /** Paths of LoRA adapters in GGUF format, each with its manifest beside it. Default none. */
  readonly adapters?: readonly string[];
  /**
   * Requests that run at once in a context, batched; more wait. Default 1, so that a greedy answer is the same each time;
   * more gives more answers a second, and texts that may differ with what runs beside them.
   */
  readonly concurrency?: number;
  /** Adapter contexts kept at once; the one unused for longest makes room. Default 4. */
  readonly maxAdapterContexts?: number;
  /** CPU threads. Default: one for models under 100 million parameters, else all cores that are useful for math. */
  readonly threads?: number;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

export const loadModelSettingsSchema = z.strictObject({
  path: z.string().min(1, "is empty"),
  name: z.string().min(1).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be a lower-case hexadecimal SHA-256")
    .optional(),
  contextLength: z.number().int().min(16).optional(),
  gpu: z.union([z.literal("auto"), z.literal(false)]).default("auto"),
  adapters: z.array(z.string().min(1)).default([]),
  concurrency: z.number().int().min(1).max(64).optional(),
  maxAdapterContexts: z.number().int().min(1).max(64).default(4),
  threads: z.number().int().min(1).max(512).optional(),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function").optional(),
  signal: z.instanceof(AbortSignal).optional(),
});
