import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type LanceDatabase, openDatabase } from "./lance.ts";
import { isLocalLocation } from "./local-location.ts";
import { type Manifest, writeManifest } from "./manifest.ts";

/**
 * The tables of one embedder. The first generation lies in the store itself, each further one in a place of its own
 * beneath it, so that a new one can be made while the old one is read and written (docs/decisions/0005).
 */
export function generationLocation(location: string, generation: number): string {
  if (generation === 0) return location;
  const name = `generation-${generation}`;
  return isLocalLocation(location) ? join(location, name) : `${location}/${name}`;
}

/** Removes what a generation holds. It may be called again after it was interrupted. */
export async function dropGeneration(
  root: LanceDatabase,
  location: string,
  generation: number,
): Promise<void> {
  if (generation === 0) return root.dropDocumentTables();
  const place = generationLocation(location, generation);
  if (isLocalLocation(location)) return rm(place, { recursive: true, force: true });
  const database = await openDatabase(place);
  try {
    await database.dropDocumentTables();
  } finally {
    database.close();
  }
}

/** Removes the generation that a switch left behind when its process was killed. Only a writer that holds the lock may. */
export async function finishSwitch(root: LanceDatabase, location: string, manifest: Manifest): Promise<void> {
  const { replaced, ...rest } = manifest;
  if (replaced === undefined) return;
  await dropGeneration(root, location, replaced);
  await writeManifest(root, rest);
}
