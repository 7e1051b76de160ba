import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, writeManifest } from "./manifest.ts";
import type { StorePlace } from "./open-store.ts";

/**
 * The tables of one embedder. The first generation lies in the store itself, each further one in a place of its own
 * beneath it, so that a new one can be made while the old one is read and written (docs/decisions/0005).
 */
export async function openGeneration(store: StorePlace, generation: number): Promise<StorePlace> {
  return generation === 0 ? store : store.beneath(nameOf(generation));
}

const nameOf = (generation: number) => `generation-${generation}`;

/** Removes what a generation holds. It may be called again after it was interrupted. */
export async function dropGeneration(store: StorePlace, generation: number): Promise<void> {
  const { database } = await openGeneration(store, generation);
  try {
    await database.dropDocumentTables();
  } finally {
    if (database !== store.database) database.close();
  }
  if (generation > 0 && store.isFolder) {
    await rm(join(store.location, nameOf(generation)), { recursive: true, force: true });
  }
}

/**
 * Removes the generation that a switch left behind when its process was killed, and gives the manifest as it then is. Only a
 * writer whose turn it is may.
 */
export async function finishSwitch(store: StorePlace, manifest: Manifest): Promise<Manifest> {
  const { replaced, ...rest } = manifest;
  if (replaced === undefined) return manifest;
  await dropGeneration(store, replaced);
  return writeManifest(store.database, rest);
}
