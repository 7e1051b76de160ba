import type * as Library from "@xenova/transformers";

/** The types of transformers.js. */
export type Transformers = typeof Library;

/** Loads transformers.js, which may then read local files alone. */
export async function loadTransformers(): Promise<Transformers> {
  const library = await import("@xenova/transformers");
  library.env.allowRemoteModels = false;
  return library;
}
