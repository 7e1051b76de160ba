import { randomUUID } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** The name of a table's folder that is on its way out. */
const DROPPED = /^dropped-[0-9a-f-]{36}$/;

/**
 * Removes a table's folder: at one moment it is there, at the next it is not. A removal that is cut off leaves a folder
 * that is no table, which {@link removeDropped} clears away.
 */
export async function dropFolder(location: string, table: string): Promise<void> {
  const away = join(location, `dropped-${randomUUID()}`);
  try {
    await rename(join(location, `${table}.lance`), away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await removeDropped(location);
}

/** Clears away what removals left that were cut off. */
export async function removeDropped(location: string): Promise<void> {
  for (const name of await readdir(location)) {
    if (DROPPED.test(name)) await rm(join(location, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
