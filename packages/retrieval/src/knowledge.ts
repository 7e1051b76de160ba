import {
  type Embedder,
  type KeepVersions,
  keepVersionsSchema,
  MAX_TOP_K,
  type OnProgress,
  parseInput,
  type Reranker,
  type Retriever,
  type WriteOptions,
} from "@advisor/contracts";
import { z } from "zod";
import { createRetriever } from "./retriever.ts";
import { finishSwitch, openGeneration } from "./store/generation.ts";
import { DEFAULT_INDEX_POLICY } from "./store/index-policy.ts";
import type { StorageOptions } from "./store/location.ts";
import {
  checkEmbedder,
  type Manifest,
  migrate,
  newManifest,
  readManifest,
  reembedded,
  STORE_FORMAT,
  settleKeepVersions,
  writeManifest,
} from "./store/manifest.ts";
import { missing, openingFields, openPlace } from "./store/open-store.ts";
import type { WriterTurn } from "./writers/writer-turn.ts";

/** The vector leg's share when the caller names none. See docs/retrieval.md for how it was found. */
export const DEFAULT_VECTOR_WEIGHT = 0.25;

/** Candidates that a reranker reads when the caller names no number. */
const DEFAULT_RERANK_DEPTH = 30;

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
   * Up to this many rows (a document is one, and each of its chunks) every vector is compared; above it an approximate
   * index (IVF_PQ, its finds compared again exactly) is trained after a writing call, and anew each time the rows have
   * doubled. Default 50,000. 2 ** 53 - 1 keeps the vector leg exact whatever its time.
   */
  readonly exactSearchRows?: number;
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
  ...openingFields,
  vectorWeight: z.number().min(0).max(1).default(DEFAULT_VECTOR_WEIGHT),
  reranker: z
    .custom<Reranker>(
      (value) => typeof (value as Reranker | null)?.score === "function",
      "must be a reranker",
    )
    .optional(),
  rerankDepth: z.number().int().min(1).max(MAX_TOP_K).default(DEFAULT_RERANK_DEPTH),
  create: z.boolean().default(true),
  exactSearchRows: z.int().min(0).default(DEFAULT_INDEX_POLICY.exactSearchRows),
  keepVersions: keepVersionsSchema.optional(),
  now: z.custom<() => number>((value) => typeof value === "function").default(() => Date.now),
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
  const { embedder, create, lockTimeoutMs: timeoutMs } = parsed;
  const store = await openPlace(parsed);
  const { location, writers } = store;
  const exclusively = <Result>(
    { signal, onProgress }: WriteOptions,
    work: (turn: WriterTurn) => Promise<Result>,
  ): Promise<Result> => writers.run({ timeoutMs, signal, onProgress }, work);
  try {
    let manifest = await readManifest(store.database, location);
    const progress = parsed.onProgress ? { onProgress: parsed.onProgress } : {};
    if (!manifest) {
      if (!create) throw missing(location);
      manifest = await exclusively(progress, async () => {
        const now = await readManifest(store.database, location);
        return now ?? (await writeManifest(store.database, newManifest(embedder, parsed.keepVersions)));
      });
    }
    checkEmbedder(manifest, embedder, location);
    if (manifest.format !== STORE_FORMAT) {
      await exclusively(progress, async () => {
        const old = await readManifest(store.database, location);
        if (!old || old.format === STORE_FORMAT) return;
        // An unfinished re-embedding goes on with tables of the new layout.
        for (const each of old.next ? [old.generation, old.next.generation] : [old.generation]) {
          const { database } = await openGeneration(store, each);
          const { dimensions } = each === old.generation ? old : (old.next ?? old);
          await migrate(database, dimensions, parsed.now());
          if (database !== store.database) database.close();
        }
        await writeManifest(store.database, { ...old, format: STORE_FORMAT });
      });
    }
    const { generation } = manifest;
    const currentManifest = async (): Promise<Manifest> => {
      const now = await readManifest(store.database, location);
      if (!now) throw missing(location);
      if (now.generation !== generation) throw reembedded(now, location);
      return now;
    };
    const { database } = await openGeneration(store, generation);
    /** As it stands in the writing turn at hand. */
    let standing: Manifest = manifest;
    return createRetriever({
      ...parsed,
      keepVersions: () => settleKeepVersions(store.database, standing, parsed.keepVersions),
      reranking: parsed.reranker && { reranker: parsed.reranker, depth: parsed.rerankDepth },
      location,
      database,
      alone: store.isFolder,
      indexPolicy: { ...DEFAULT_INDEX_POLICY, exactSearchRows: parsed.exactSearchRows },
      exclusively: (options, work) =>
        exclusively(options, async (turn) => {
          standing = await finishSwitch(store, await currentManifest());
          return work(turn);
        }),
      currentManifest,
      openUnfinished: async () => {
        const { next } = await currentManifest();
        return next && (await openGeneration(store, next.generation)).database;
      },
      currentWriter: writers.current,
      close() {
        if (database !== store.database) database.close();
        store.database.close();
      },
    });
  } catch (error) {
    store.database.close();
    throw error;
  }
}
