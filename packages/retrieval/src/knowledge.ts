import { mkdir, realpath, stat } from "node:fs/promises";
import {
  BadInputError,
  type Embedder,
  type KeepVersions,
  keepVersionsSchema,
  MAX_TOP_K,
  type OnProgress,
  parseInput,
  type Reranker,
  type Retriever,
  StoreError,
  type WriteOptions,
} from "@advisor/contracts";
import { z } from "zod";
import { createRetriever } from "./retriever.ts";
import { openDatabase } from "./store/lance.ts";
import { leaseWriters } from "./store/lease.ts";
import { parseLocation, type StorageOptions } from "./store/location.ts";
import { DEFAULT_LOCK_TIMEOUT_MS, fileWriters } from "./store/lock.ts";
import {
  checkEmbedder,
  DEFAULT_KEEP_VERSIONS,
  migrate,
  readManifest,
  STORE_FORMAT,
  writeManifest,
} from "./store/manifest.ts";
import { storeFailure } from "./store/store-failure.ts";
import type { WriterTurn } from "./store/writer-turn.ts";

/** The vector leg's share when the caller names none. See docs/retrieval.md for how it was found. */
export const DEFAULT_VECTOR_WEIGHT = 0.25;

/** Candidates that a reranker reads when the caller names no number. */
const DEFAULT_RERANK_DEPTH = 30;
/** Table in which the writer's name stands where there are no files to lock. */
const LEASE = "_writer";

/** Where a store is, and how it is searched and written. */
export interface KnowledgeSettings {
  /** Folder of the store, or an object store's URI such as `s3://bucket/store`, which needs `allowRemote`. */
  readonly location: string;
  /** An object store's endpoint, region and credentials, by LanceDB's names. They come up in no message. */
  readonly storageOptions?: StorageOptions;
  /** Lets a store on another machine be read and written. Default false: nothing leaves this machine. */
  readonly allowRemote?: boolean;
  readonly embedder: Embedder;
  /** The vector leg's share in a hybrid search, in [0, 1]: 0 is keywords alone. Default 0.25; a card of an embedder names its own. */
  readonly vectorWeight?: number;
  /** Reads the first candidates of a hybrid search again, each with the question. It stays the caller's. Default none. */
  readonly reranker?: Reranker;
  /** How many candidates the reranker reads, 1 to 200. Default 30. */
  readonly rerankDepth?: number;
  /** Makes the store when there is none. Default true; false throws `store_missing`. */
  readonly create?: boolean;
  /**
   * How long a former version of a document is kept, and can be searched with `asOf`, after it was changed or removed:
   * `none`, `forever`, or a time such as `12h`, `30d`, `8w`, `1y`. The store remembers what it was last told, so leave it
   * out to change nothing; a store that was never told keeps them for 30 days. It takes effect at the next writing call, on
   * what is stored already too.
   */
  readonly keepVersions?: KeepVersions;
  /** Tells the time, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** How long a writing call waits for a writer in another process, in milliseconds. Default 30,000. */
  readonly lockTimeoutMs?: number;
  /** Told while opening waits; writing calls have their own. */
  readonly onProgress?: OnProgress;
}

const settingsSchema = z.strictObject({
  location: z.string().min(1),
  storageOptions: z.record(z.string().min(1), z.string()).default({}),
  allowRemote: z.boolean().default(false),
  embedder: z.custom<Embedder>(
    (value) => typeof (value as Embedder | null)?.embed === "function",
    "must be an embedder",
  ),
  vectorWeight: z.number().min(0).max(1).default(DEFAULT_VECTOR_WEIGHT),
  reranker: z
    .custom<Reranker>(
      (value) => typeof (value as Reranker | null)?.score === "function",
      "must be a reranker",
    )
    .optional(),
  rerankDepth: z.number().int().min(1).max(MAX_TOP_K).default(DEFAULT_RERANK_DEPTH),
  create: z.boolean().default(true),
  keepVersions: keepVersionsSchema.optional(),
  now: z.custom<() => number>((value) => typeof value === "function").default(() => Date.now),
  lockTimeoutMs: z.number().min(0).default(DEFAULT_LOCK_TIMEOUT_MS),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function").optional(),
});
/**
 * Opens the knowledge of a folder: a LanceDB store of documents and their chunks, searched by words, by meaning, or both.
 *
 * Readers are never blocked. Writers of all processes take turns; a call that waits longer than `lockTimeoutMs` throws
 * `store_locked` with the process that holds it. The embedder stays the caller's: `dispose` closes the store alone.
 * @throws StoreError `store_missing`, `store_corrupt`, `store_version`, `store_embedder_mismatch`, `store_locked`,
 * `store_unavailable` (of an object store: call again later). BadInputError `invalid_setting`.
 */
export async function openKnowledge(settings: KnowledgeSettings): Promise<Retriever> {
  const parsed = parseInput(settingsSchema, settings, "knowledge settings", "invalid_setting");
  const { embedder, lockTimeoutMs } = parsed;
  const where = parseLocation(parsed.location, parsed.storageOptions, parsed.allowRemote);
  const isFolder = where.kind === "folder";
  const location = isFolder ? await localFolder(where.path, parsed.create) : where.uri;
  const database = await openDatabase(location, isFolder ? undefined : where.options);
  const writers = isFolder
    ? fileWriters({ location })
    : leaseWriters({
        location,
        open: () => database.openCell(LEASE),
        read: () => database.readCell(LEASE),
      });
  const exclusively = <Result>(
    { signal, onProgress }: WriteOptions,
    work: (turn: WriterTurn) => Promise<Result>,
  ): Promise<Result> => writers.run({ timeoutMs: lockTimeoutMs, signal, onProgress }, work);
  try {
    let manifest = await readManifest(database, location);
    const progress = parsed.onProgress ? { onProgress: parsed.onProgress } : {};
    if (!manifest) {
      if (!parsed.create) throw missing(location);
      manifest = await exclusively(progress, async () => {
        const made = {
          format: STORE_FORMAT,
          embedderId: embedder.id,
          dimensions: embedder.dimensions,
          keepVersions: parsed.keepVersions ?? DEFAULT_KEEP_VERSIONS,
        };
        return (await readManifest(database, location)) ?? (await writeManifest(database, made));
      });
    }
    checkEmbedder(manifest, embedder, location);
    if (manifest.format !== STORE_FORMAT) {
      await exclusively(progress, async () => {
        const current = await readManifest(database, location);
        if (current && current.format !== STORE_FORMAT) await migrate(database, current, parsed.now());
      });
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return createRetriever({
    ...parsed,
    reranking: parsed.reranker && { reranker: parsed.reranker, depth: parsed.rerankDepth },
    location,
    database,
    alone: isFolder,
    exclusively,
    currentWriter: writers.current,
  });
}

/** The store's real path, made when it may be. */
async function localFolder(folder: string, create: boolean): Promise<string> {
  try {
    if (create) await mkdir(folder, { recursive: true });
    if (!(await stat(folder)).isDirectory()) throw notAFolder(folder);
    return await realpath(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !create) throw missing(folder);
    if (code === "EEXIST" || code === "ENOTDIR") throw notAFolder(folder);
    throw storeFailure(error, folder);
  }
}

function missing(location: string): StoreError {
  return new StoreError({
    code: "store_missing",
    subject: `knowledge store ${location}`,
    reason: "there is no store",
    nextStep: "Sync a folder into it first, or name another location",
  });
}

function notAFolder(location: string): BadInputError {
  return new BadInputError({
    code: "invalid_setting",
    subject: `knowledge store ${location}`,
    reason: "it is a file, not a folder",
    nextStep: "Name a folder for the store",
  });
}
