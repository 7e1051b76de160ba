import { type Embedder, type OnProgress, parseInput } from "@advisor/contracts";
import { type ReembedReport, type ReembedSettings, reembedKnowledge } from "@advisor/retrieval";
import { z } from "zod";
import { type EmbedderChoice, embedderSettingSchema, loadEmbedder } from "./embedder-choice.ts";
import { isStoreChoice, type StoreChoice } from "./store-choice.ts";

/** Which store, and the embedder it is brought to. */
export interface ReembedOptions extends Pick<ReembedSettings, "signal" | "onProgress"> {
  /** Folder of the store, or a store with settings, as `createAdvisor` takes it. Default `.advisor` in the working directory. */
  readonly store?: string | StoreChoice;
  /** The new embedder, as `createAdvisor` takes it. One of your own stays yours. */
  readonly embedder: "nano" | (string & {}) | EmbedderChoice | Embedder;
  /** GPU use of a GGUF embedder. Default `auto`. */
  readonly gpu?: "auto" | false;
}

const optionsSchema = z.strictObject({
  store: z
    .union([z.string().min(1), z.custom<StoreChoice>(isStoreChoice)], {
      error: "must be the folder of a store, or an object with its location",
    })
    .default(".advisor"),
  embedder: embedderSettingSchema,
  gpu: z.union([z.literal("auto"), z.literal(false)], { error: "must be auto or false" }).default("auto"),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function", "must be a function").optional(),
  signal: z.instanceof(AbortSignal).optional(),
});

/**
 * Brings a store to another embedder while others search and write it with the old one. It may be stopped at any time and
 * called again. Whoever has the store open at the end opens it again, with the new embedder: see docs/embedders.md.
 * @throws BadInputError, StoreError, ModelError, CancelledError.
 */
export async function reembed(options: ReembedOptions): Promise<ReembedReport> {
  const parsed = parseInput(optionsSchema, options, "reembed options", "invalid_setting");
  const { store, embedder: setting, gpu, signal, onProgress } = parsed;
  const isOwn = typeof setting === "object" && "dispose" in setting;
  const embedder = isOwn ? setting : await loadEmbedder(setting, { gpu });
  try {
    return await reembedKnowledge({
      ...(typeof store === "string" ? { location: store } : store),
      embedder,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  } finally {
    if (!isOwn) await embedder.dispose();
  }
}
