import { z } from "zod";
import { type Principal, principalSchema, roleSchema, tenantSchema } from "./access.ts";
import type { AdministrationReport, AdministrationRequest } from "./administration.ts";
import type { Document, DocumentInput } from "./document.ts";
import type { CountRequest, Counts, FacetsRequest, FacetsResult } from "./facets.ts";
import { filterSchema } from "./filter.ts";
import type { HealthReport, HealthRequest } from "./health.ts";
import { type DocumentReference, type DocumentVersion, type Instant, instantSchema } from "./history.ts";
import type { Passage } from "./passage.ts";
import type { OnProgress, Warning } from "./progress.ts";

/** The legs of a search: by meaning, by words, or both fused. */
export const searchModeSchema = z.enum(["hybrid", "vector", "keyword"]);
/** Which legs a search uses. */
export type SearchMode = z.infer<typeof searchModeSchema>;

/** Limits on one search. A longer question is refused rather than cut without a word. */
export const MAX_TOP_K = 200;
/** Limit on a query, in UTF-16 units. */
export const MAX_QUERY_LENGTH = 8192;

/** Limit on neighbours on each side of a passage. */
export const MAX_NEIGHBOURS = 20;
export const neighboursSchema = z.strictObject({
  before: z.number().int().min(0).max(MAX_NEIGHBOURS).default(0),
  after: z.number().int().min(0).max(MAX_NEIGHBOURS).default(0),
});
/** How many chunks before and after. */
export type Neighbours = z.output<typeof neighboursSchema>;

/** A search, without its signal. Unknown fields are refused. */
export const searchRequestSchema = z.strictObject({
  query: z.string().max(MAX_QUERY_LENGTH),
  principal: principalSchema,
  /** How many passages to return. Default 5. */
  topK: z.number().int().min(1).max(MAX_TOP_K).default(5),
  /** Default `hybrid`. */
  mode: searchModeSchema.default("hybrid"),
  /** Searches the state of that instant, under the access rules of today. Default: the state of now. */
  asOf: instantSchema.optional(),
  /** Which documents to look at. Default: all that the principal may read. */
  filter: filterSchema.optional(),
  /** How many chunks before and after a passage, of the same document, it is widened by. Default none. */
  neighbours: neighboursSchema.optional(),
  /**
   * `fold`: a passage that only repeats a better one is left out and named on that one as a copy. `keep`: it takes its own
   * place. Default `fold`.
   */
  copies: z.enum(["fold", "keep"]).default("fold"),
});
/** A search as a caller states it; `topK` and `mode` have defaults. */
export type SearchRequest = z.input<typeof searchRequestSchema> & { readonly signal?: AbortSignal };

/** Milliseconds spent in each step. A leg that did not run is absent; legs run side by side, so they do not add up. */
export interface SearchTimings {
  readonly embedMs?: number;
  readonly vectorMs?: number;
  readonly keywordMs?: number;
  /** Putting the legs' ranks together. */
  readonly fuseMs?: number;
  /** The reranker's scores. */
  readonly rerankMs?: number;
  /** Folding copies and spreading the first places over documents. */
  readonly arrangeMs?: number;
  /** Reading neighbours. */
  readonly widenMs?: number;
  readonly totalMs: number;
}

/** Permitted passages and how long they took. */
export interface SearchResult {
  /** Best first. */
  readonly passages: readonly Passage[];
  readonly timings: SearchTimings;
  readonly warnings: readonly Warning[];
}

/** What every writing call needs to know: whose documents, and who may read those that name no one. */
export const writeOptionsSchema = z.strictObject({
  /** Default `default`. */
  tenant: tenantSchema.optional(),
  /** Who may read documents without a rule of their own. Default none: the tenant's administrators alone. */
  defaultRoles: z.array(roleSchema).optional(),
});
/** Options of every writing call. A cancelled one leaves whole documents, each old or new. */
export type WriteOptions = z.infer<typeof writeOptionsSchema> & {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
};

/** Globs that name files and folders of a synced folder. */
export const globsSchema = z.array(z.string().min(1).max(1024)).max(256);

/** Options of `sync`. */
export interface SyncOptions extends WriteOptions {
  /** Names what this folder's documents belong to. Default: the folder's real path. A sync never touches another source. */
  readonly source?: string;
  /**
   * Globs of what is read (`*`, `**`, `?`, `[a-z]`, `{a,b}`; case-sensitive). One without a slash names files and folders
   * at every depth, one with a slash a path from the folder; who names a folder names all in it. Default: everything.
   * Ignore files hold all the same. A stored page that is no longer read is removed.
   */
  readonly include?: readonly string[];
  /** Globs of what is left out; they win over `include`. */
  readonly exclude?: readonly string[];
  /**
   * Reads every file anew. Default false: a file whose size, times and identity are those of its last sync is taken as
   * unchanged, unless it was changed so shortly before that sync that the clock could not tell.
   */
  readonly rehash?: boolean;
}

/** Options of `watch`. */
export interface WatchOptions extends Omit<SyncOptions, "rehash"> {
  /** How long nothing may have changed before changes are written, in milliseconds. Default 100; a change waits at most ten times as long. */
  readonly debounceMs?: number;
  /**
   * Looks through the folder this often, in milliseconds, instead of being told by the system: for file systems of other
   * machines, which tell of nothing. Default: being told, and looking where the system can follow no more folders.
   */
  readonly pollMs?: number;
  /** Looks through the whole folder this often, in milliseconds, should the system have dropped something. Default 600,000; 0 for never. */
  readonly rescanMs?: number;
  /** Told what happens. What it throws closes the watch. */
  readonly onEvent?: (event: WatchEvent) => void;
}

/** What a watch tells. */
export type WatchEvent =
  /**
   * Changes were written, or could not be. `whole`: it was the first sync, of the whole folder. A later look through the
   * whole folder tells of what is left out only where that is new.
   */
  | { readonly type: "synced"; readonly report: ChangeReport; readonly whole: boolean }
  /** Something failed, and is tried again after a wait. */
  | { readonly type: "failed"; readonly error: Error; readonly retryInMs: number }
  | { readonly type: "warning"; readonly warning: Warning };

/** A folder that is watched. */
export interface FolderWatch {
  /** Its real path. */
  readonly folder: string;
  /** Whether it is looked through now and then, instead of the system telling of changes. */
  readonly polling: boolean;
  /** Resolves when it was closed; rejects with what `onEvent` threw. */
  readonly closed: Promise<void>;
  /** Ends it, breaking off what is being written; whole documents are left, each old or new. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A file or document that was left out, and why. The rest went on. */
export interface Skipped {
  readonly uri: string;
  readonly reason: string;
}

/** What a writing call did, by uri. */
export interface ChangeReport {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  /** Left out. A document of that uri that was already stored stays as it was. */
  readonly skipped: readonly Skipped[];
  /** Chunks written. */
  readonly chunks: number;
  readonly elapsedMs: number;
  /** Of {@link elapsedMs}: compacting and indexing after the last commit. Absent where nothing is indexed. */
  readonly indexMs?: number;
  readonly warnings: readonly Warning[];
}

/** What `purge` erased. */
export interface PurgeReport {
  readonly purged: readonly {
    readonly documentId: string;
    readonly uri: string;
    readonly source: string;
    /** States of it that were stored, the present one among them. */
    readonly versions: number;
  }[];
  /** References that name nothing stored. */
  readonly skipped: readonly Skipped[];
  readonly elapsedMs: number;
}

/** What a store holds, for operators: its counts know no principal. */
export interface StoreStatus {
  readonly location: string;
  readonly embedder: { readonly id: string; readonly dimensions: number };
  readonly tenants: readonly {
    readonly tenant: string;
    readonly documents: number;
    readonly chunks: number;
  }[];
  /** The embedder that an unfinished `reembed` brings the store to. Absent when there is none. */
  readonly reembedding?: { readonly id: string; readonly dimensions: number };
  /** Store format version. */
  readonly format: number;
  /** The process that is writing to it now, in words. Absent when none is. */
  readonly writer?: string;
}

/** Knowledge: documents in, permitted passages out. */
export interface Retriever {
  /** Permitted passages for a query, access enforced inside the database query on every leg. */
  search(request: SearchRequest): Promise<SearchResult>;
  /**
   * The whole document by id, or undefined when there is none that this principal may read (the two are not told apart).
   * With `asOf` it is as it stood then; who may read it is decided by its rule of today, and of one removed since by
   * nobody's: then administrators alone.
   */
  document(
    id: string,
    principal: Principal,
    options?: { readonly asOf?: Instant },
  ): Promise<Document | undefined>;
  /**
   * Adds or replaces documents, each atomically, by uri within the source `upsert`; of two with one uri the later one is
   * meant. A stream is read as fast as documents are stored, so that any number fits into memory; a wrong document in it
   * ends the call (BadInputError), and the whole documents written before stay.
   */
  upsert(
    documents: readonly DocumentInput[] | AsyncIterable<DocumentInput>,
    options?: WriteOptions,
  ): Promise<ChangeReport>;
  /** Removes documents by uri within the source `upsert`. A uri that is not there is listed as skipped. */
  remove(uris: readonly string[], options?: WriteOptions): Promise<ChangeReport>;
  /** Brings the store in step with a folder. It may be interrupted at any time and run again. */
  sync(folder: string, options?: SyncOptions): Promise<ChangeReport>;
  /**
   * How many documents and passages the principal may read, under a filter, now or as of an instant. Optional: a retriever
   * without it cannot count.
   */
  count?(request: CountRequest): Promise<Counts>;
  /** How many documents the principal may read, by source, role or metadata. With `asOf`, roles are those of today. Optional, as `count`. */
  facets?(request: FacetsRequest): Promise<FacetsResult>;
  /**
   * Brings the store in step with a folder and keeps it so until closed: what changes there is found by the next search.
   * Resolves after the first sync. Later failures are told to `onEvent` and tried again. The store is locked for other
   * writers only while something is written. Optional: a retriever without it can be synced now and then.
   * @throws what `sync` throws, as long as the first one has not ended.
   */
  watch?(folder: string, options?: WatchOptions): Promise<FolderWatch>;
  /** Every role named by a rule of the tenant, sorted. For operators: it tells which roles exist. */
  roles(tenant: string): Promise<readonly string[]>;
  /**
   * Looks for what makes answers wrong: outdated, unreadable, repeated and contradictory pages, broken links, pages that
   * no question reaches. It changes nothing. Optional: a retriever without it cannot check its sources.
   * @throws NotPermittedError when the principal is no administrator.
   */
  check?(request: HealthRequest): Promise<HealthReport>;
  /**
   * The states of documents that are stored and that this principal may read, by uri and source, latest first. Optional: a
   * retriever without it keeps no history, and refuses `asOf`.
   */
  versions?(reference: DocumentReference, principal: Principal): Promise<readonly DocumentVersion[]>;
  /**
   * Erases documents from every version, and their bytes from the store's files. A later `sync` brings back a page whose
   * file is still in its folder. Optional, as `versions` is.
   * @throws NotPermittedError when the principal is no administrator of its tenant.
   */
  purge?(
    references: readonly DocumentReference[],
    principal: Principal,
    options?: Pick<WriteOptions, "signal" | "onProgress">,
  ): Promise<PurgeReport>;
  /**
   * Makes the indexes of the principal's tenant anew, its vector index too where its size asks for one, and compacts its
   * table. Writing calls do by themselves what searches need; this is for after a great change. Searches go on meanwhile.
   * Optional.
   * @throws NotPermittedError when the principal is no administrator.
   */
  reindex?(request: AdministrationRequest): Promise<AdministrationReport>;
  /**
   * Removes all that is stored of the principal's tenant, former states included; other tenants are untouched. Who has the
   * store open finds nothing of it from then on. It cannot be undone. Optional.
   * @throws NotPermittedError when the principal is no administrator.
   */
  removeTenant?(request: AdministrationRequest): Promise<AdministrationReport>;
  status(): Promise<StoreStatus>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
