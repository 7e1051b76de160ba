import { createHash } from "node:crypto";
import { type Embedder, type KeepVersions, keepVersionsSchema, StoreError } from "@advisor/contracts";
import { z } from "zod";
import { setHorizon } from "./history.ts";
import type { LanceDatabase } from "./lance.ts";

/** Goes up when the tables of a store are laid out in another way. */
export const STORE_FORMAT = 4;
/** The oldest format that is brought up to date when it is opened. */
const OLDEST_FORMAT = 3;
/** How long a store keeps former versions when nobody says: long enough to look back at, or to miss, what was changed. */
export const DEFAULT_KEEP_VERSIONS: KeepVersions = "30d";
const TABLE = "_store";

/** What a store remembers of itself. */
export interface Manifest {
  readonly format: number;
  readonly embedderId: string;
  readonly dimensions: number;
  readonly keepVersions: KeepVersions;
  /** Which generation of tables is searched and written, see `generation.ts`. */
  readonly generation: number;
  /** The generation that an unfinished re-embedding makes. */
  readonly next?: NextGeneration | undefined;
  /** The generation that was replaced, until its tables are removed. */
  readonly replaced?: number | undefined;
}

export interface NextGeneration {
  readonly generation: number;
  readonly embedderId: string;
  readonly dimensions: number;
}

/**
 * Reads the manifest; undefined when there is no store. Throws when it is of a format that cannot be read or brought up to
 * date, or damaged.
 */
export async function readManifest(database: LanceDatabase, location: string): Promise<Manifest | undefined> {
  const settings = await database.readSettings(TABLE);
  if (!settings) {
    const orphans = (await database.tableNames()).filter((name) => name !== TABLE && isTenantTable(name));
    if (orphans.length > 0)
      throw corrupt(location, "it holds documents, but the table that describes it is gone");
    return undefined;
  }
  const format = Number(settings.get("format"));
  if (Number.isInteger(format) && format > 0 && (format < OLDEST_FORMAT || format > STORE_FORMAT)) {
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
  if (!Number.isInteger(format) || !embedderId || !(Number.isInteger(dimensions) && dimensions > 0)) {
    throw corrupt(location, "the table that describes it is incomplete");
  }
  const keepVersions = keepVersionsSchema.safeParse(settings.get("keepVersions")).data;
  const { generation = 0, next, replaced } = generations(settings.get("generations"), location);
  const known = { format, embedderId, dimensions, generation, next, replaced };
  return { ...known, keepVersions: keepVersions ?? DEFAULT_KEEP_VERSIONS };
}

const whole = z.number().int().min(0);
const generationsSchema = z.object({
  generation: whole,
  next: z.object({ generation: whole, embedderId: z.string().min(1), dimensions: whole }).optional(),
  replaced: whole.optional(),
});

function generations(text: string | undefined, location: string): Partial<z.infer<typeof generationsSchema>> {
  if (text === undefined) return {};
  try {
    return generationsSchema.parse(JSON.parse(text));
  } catch {
    throw corrupt(location, "the table that describes it is damaged");
  }
}

/** The manifest of a new store. */
export function newManifest(embedder: Embedder, keepVersions = DEFAULT_KEEP_VERSIONS): Manifest {
  const { id: embedderId, dimensions } = embedder;
  return { format: STORE_FORMAT, embedderId, dimensions, generation: 0, keepVersions };
}

/** Writes the manifest in one commit. */
export async function writeManifest(database: LanceDatabase, manifest: Manifest): Promise<Manifest> {
  const { format, embedderId, dimensions, generation, next, replaced, keepVersions } = manifest;
  const settings = new Map([
    ["format", String(format)],
    ["embedder", embedderId],
    ["dimensions", String(dimensions)],
    ["keepVersions", keepVersions],
    ["written", new Date().toISOString()],
  ]);
  if (generation > 0 || next !== undefined) {
    settings.set("generations", JSON.stringify({ generation, next, replaced }));
  }
  await database.writeSettings(TABLE, settings);
  return manifest;
}

/**
 * How long former versions are kept: what the caller wants, which the store then remembers, or else what it remembers. The
 * manifest must be the one that stands: only a writer whose turn it is may call it.
 */
export async function settleKeepVersions(
  database: LanceDatabase,
  manifest: Manifest,
  wanted: KeepVersions | undefined,
): Promise<KeepVersions> {
  if (wanted === undefined || wanted === manifest.keepVersions) return manifest.keepVersions;
  await writeManifest(database, { ...manifest, keepVersions: wanted });
  return wanted;
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
    nextStep: `Open it with ${manifest.embedderId}, or bring it to the other embedder with reembed (advisor reembed)`,
  });
}

/** The error of whoever opened a store before it was brought to another embedder. */
export function reembedded(manifest: Manifest, location: string): StoreError {
  return new StoreError({
    code: "store_embedder_mismatch",
    subject: `knowledge store ${location}`,
    reason: `since it was opened, it was brought to the embedder ${manifest.embedderId} (${manifest.dimensions} dimensions)`,
    nextStep: `Open it again, with ${manifest.embedderId}`,
  });
}

export function tableName(tenant: string): string {
  return `tenant-${createHash("sha256").update(tenant).digest("hex").slice(0, 40)}`;
}

/** Tables of tenants are named by a hash: any tenant name will do, and two never share one on any file system. */
export function isTenantTable(name: string): boolean {
  return /^tenant-[0-9a-f]{40}$/.test(name);
}

/** The table of former versions beside a tenant's table. */
export function historyTable(tenantTable: string): string {
  return tenantTable.replace(/^tenant-/, "history-");
}

/**
 * Brings the tables of an older format up to date; nothing stored is lost. May be killed at any time and run again. Only a
 * writer that holds the lock may call it, and write the new format into the manifest after it.
 */
export async function migrate(database: LanceDatabase, dimensions: number, now: number): Promise<void> {
  for (const name of (await database.tableNames()).filter(isTenantTable)) {
    await database.addValidity(name, now);
    const history = await database.openOrCreateHistory(historyTable(name), dimensions);
    await setHorizon(history, now);
    history.close();
  }
}

function corrupt(location: string, reason: string): StoreError {
  return new StoreError({
    code: "store_corrupt",
    subject: `knowledge store ${location}`,
    reason,
    nextStep: "Restore the folder from a backup, or remove it and sync again",
  });
}
