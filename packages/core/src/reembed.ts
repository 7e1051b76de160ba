import { type Embedder, parseInput } from "@advisor/contracts";
import { type ReembedReport, type ReembedSettings, reembedKnowledge } from "@advisor/retrieval";
import { z } from "zod";
import { type EmbedderChoice, embedderSettingSchema, loadEmbedder } from "./embedder-choice.ts";

/** Which store, and the embedder it is brought to; the rest as in `@advisor/retrieval`. */
export interface ReembedOptions extends Omit<ReembedSettings, "location" | "embedder"> {
  /** Folder of the store. Default `.advisor` in the working directory. */
  readonly store?: string;
  /** The new embedder, as `createAdvisor` takes it. One of your own stays yours. */
  readonly embedder: "nano" | (string & {}) | EmbedderChoice | Embedder;
  /** GPU use of a GGUF embedder. Default `auto`. */
  readonly gpu?: "auto" | false;
}

const optionsSchema = z.looseObject({
  store: z.string().min(1).default(".advisor"),
  embedder: embedderSettingSchema,
  gpu: z.union([z.literal("auto"), z.literal(false)], { error: "must be auto or false" }).default("auto"),
});

/**
 * Brings a store to another embedder while others search and write it with the old one. It may be stopped at any time and
 * called again. Whoever has the store open at the end opens it again, with the new embedder: see docs/embedders.md.
 * @throws BadInputError, StoreError, ModelError, CancelledError.
 */
export async function reembed(options: ReembedOptions): Promise<ReembedReport> {
  const parsed = parseInput(optionsSchema, options, "reembed options", "invalid_setting");
  const { store: location, embedder: setting, gpu, ...rest } = parsed;
  const isOwn = typeof setting === "object" && "dispose" in setting;
  const embedder = isOwn ? setting : await loadEmbedder(setting, { gpu });
  try {
    return await reembedKnowledge({ ...rest, location, embedder });
  } finally {
    if (!isOwn) await embedder.dispose();
  }
}
