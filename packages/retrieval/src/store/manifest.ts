import { createHash } from "node:crypto";
import { type Embedder, StoreError } from "@advisor/contracts";
import type { LanceDatabase } from "./lance.ts";

/** Goes up when the tables of a store are laid out in another way. */
export const STORE_FORMAT = 3;
const TABLE = "_store";

/** What a store remembers of itself. */
export interface Manifest {
  readonly format: number;
  readonly embedderId: string;
  readonly dimensions: number;
}

/** Reads the manifest; undefined when there is no store. Throws when it is of another format, or damaged. */
export async function readManifest(database: LanceDatabase, location: string): Promise<Manifest | undefined> {
  const settings = await database.readSettings(TABLE);
  if (!settings) {
    const orphans = (await database.tableNames()).filter((name) => name !== TABLE && isTenantTable(name));
    if (orphans.length > 0)
      throw corrupt(location, "it holds documents, but the table that describes it is gone");
    return undefined;
  }
  const format = Number(settings.get("format"));
  if (Number.isInteger(format) && format > 0 && format !== STORE_FORMAT) {
    const newer = format > STORE_FORMAT;
    throw new StoreError({
      code: "store_version",
      subject: `knowledge store ${location}`,
      reason: `it is of the ${newer ? "newer" : "older"} format ${format}, and this version reads format ${STORE_FORMAT}`,
      nextStep: `${newer ? "Update this program" : "Remove the folder"}, or name another folder, and sync again`,
    });
  }
  const embedderId = settings.get("embedder");
  const dimensions = Number(settings.get("dimensions"));
  if (format !== STORE_FORMAT || !embedderId || !(Number.isInteger(dimensions) && dimensions > 0)) {
    throw corrupt(location, "the table that describes it is incomplete");
  }
  return { format, embedderId, dimensions };
}

export async function writeManifest(database: LanceDatabase, embedder: Embedder): Promise<Manifest> {
  const manifest = { format: STORE_FORMAT, embedderId: embedder.id, dimensions: embedder.dimensions };
  await database.writeSettings(
    TABLE,
    new Map([
      ["format", String(manifest.format)],
      ["embedder", manifest.embedderId],
      ["dimensions", String(manifest.dimensions)],
      ["created", new Date().toISOString()],
    ]),
  );
  return manifest;
}

/** Throws `store_embedder_mismatch` when the store was made with another embedder. */
export function checkEmbedder(manifest: Manifest, embedder: Embedder, location: string): void {
  if (manifest.embedderId === embedder.id && manifest.dimensions === embedder.dimensions) return;
  throw new StoreError({
    code: "store_embedder_mismatch",
    subject: `knowledge store ${location}`,
    reason:
      `it was made with the embedder ${manifest.embedderId} (${manifest.dimensions} dimensions) and cannot be searched ` +
      `with ${embedder.id} (${embedder.dimensions} dimensions)`,
    nextStep: `Open it with ${manifest.embedderId}, or name another folder for the store and sync again`,
  });
}

export function tableName(tenant: string): string {
  return `tenant-${createHash("sha256").update(tenant).digest("hex").slice(0, 40)}`;
}

/** Tables of tenants are named by a hash: any tenant name will do, and two never share one on any file system. */
export function isTenantTable(name: string): boolean {
  return /^tenant-[0-9a-f]{40}$/.test(name);
}

function corrupt(location: string, reason: string): StoreError {
  return new StoreError({
    code: "store_corrupt",
    subject: `knowledge store ${location}`,
    reason,
    nextStep: "Restore the folder from a backup, or remove it and sync again",
  });
}
