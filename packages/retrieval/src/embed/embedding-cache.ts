import { createHash } from "node:crypto";
import { type Embedder, type EmbeddingKind, parseInput, throwIfAborted } from "@advisor/contracts";
import { z } from "zod";
import { KEY_BYTES, openVectorFiles, removeVectorFiles, type VectorFiles } from "./vector-files.ts";

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

const settingsSchema = z.strictObject({
  folder: z.string().min(1),
  maxBytes: z
    .number()
    .int()
    .min(1024 * 1024)
    .default(DEFAULT_MAX_BYTES),
});

export interface EmbeddingCacheSettings {
  /** Where vectors are kept; made when missing, readable by its owner alone. Embedders may share it, and processes. */
  readonly folder: string;
  /** Most room on the disk for this embedder, in bytes; what was not asked for longest goes. Default 256 MiB, least 1 MiB. */
  readonly maxBytes?: number;
}

/** An embedder that remembers. */
export interface CachedEmbedder extends Embedder {
  /** Texts whose vectors were found, and texts that were embedded, since it was made. */
  readonly counts: { readonly found: number; readonly embedded: number };
  forget(): Promise<void>;
}

/**
 * Puts a cache on the disk before an embedder, keyed by the model (`id`), the kind and the whole text: what was embedded once
 * is not embedded again, in any store, tenant or process that uses the folder. It pays where an embedder is slow or paid
 * for, and pages move or stores are made anew.
 *
 * A vector tells of its text, and the time of an answer tells whether a text is known: leave the cache out where tenants
 * must not learn that of each other. `purge` empties it. A cache that cannot be read or written is passed by: a damaged
 * record is embedded again.
 *
 * @param embedder Stays yours to dispose until this one is disposed, which disposes both.
 * @throws BadInputError `invalid_setting`
 */
export function createCachedEmbedder(embedder: Embedder, settings: EmbeddingCacheSettings): CachedEmbedder {
  const { folder, maxBytes } = parseInput(
    settingsSchema,
    settings,
    "embedding cache settings",
    "invalid_setting",
  );
  const { id, dimensions } = embedder;
  const name = createHash("sha256").update(`${id}\n${dimensions}`).digest("hex").slice(0, 32);
  const counts = { found: 0, embedded: 0 };
  let opening: Promise<VectorFiles | undefined> | undefined;
  const files = () => {
    opening ??= openVectorFiles(folder, name, dimensions, maxBytes).catch(() => undefined);
    return opening;
  };
  const close = async () => {
    const opened = await opening;
    opening = undefined;
    await opened?.close();
  };
  const dispose = async () => {
    await close();
    await embedder.dispose();
  };
  return {
    id,
    dimensions,
    maxTokens: embedder.maxTokens,
    counts,
    countTokens: (texts) => embedder.countTokens(texts),
    async embed(texts, kind, signal) {
      throwIfAborted(signal, `embedder ${id}`);
      const cache = await files();
      const keys = texts.map((text) => keyOf(kind, text));
      const known = (await cache?.read(keys)) ?? new Map<string, Float32Array>();
      const missing = new Map<string, string>();
      for (const [index, key] of keys.entries())
        if (!known.has(key)) missing.set(key, texts[index] as string);
      counts.found += keys.filter((key) => known.has(key)).length;
      counts.embedded += missing.size;
      if (missing.size > 0) {
        const vectors = await embedder.embed([...missing.values()], kind, signal);
        const made = new Map([...missing.keys()].map((key, index) => [key, vectors[index] as Float32Array]));
        await cache?.write(made);
        for (const [key, vector] of made) known.set(key, vector);
      }
      return keys.map((key) => known.get(key) as Float32Array);
    },
    async forget() {
      await embedder.forget?.();
      await close();
      await removeVectorFiles(folder, name);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The first 128 bits of a hash, as a string of as many bytes. */
function keyOf(kind: EmbeddingKind, text: string): string {
  return createHash("sha256")
    .update(`${kind}\n`)
    .update(text)
    .digest()
    .subarray(0, KEY_BYTES)
    .toString("latin1");
}
