import { z } from "zod";
import { type Principal, principalSchema, roleSchema, tenantSchema } from "./access.ts";
import type { Document, DocumentInput } from "./document.ts";
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
});
/** A search as a caller states it; `topK` and `mode` have defaults. */
export type SearchRequest = z.input<typeof searchRequestSchema> & { readonly signal?: AbortSignal };

/** Milliseconds spent in each step. A leg that did not run is absent; legs run side by side, so they do not add up. */
export interface SearchTimings {
  readonly embedMs?: number;
  readonly vectorMs?: number;
  readonly keywordMs?: number;
  readonly fuseMs?: number;
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

/** Options of `sync`. */
export interface SyncOptions extends WriteOptions {
  /** Names what this folder's documents belong to. Default: the folder's real path. A sync never touches another source. */
  readonly source?: string;
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
  /** Adds or replaces documents, each atomically, by uri within the source `upsert`. */
  upsert(documents: readonly DocumentInput[], options?: WriteOptions): Promise<ChangeReport>;
  /** Removes documents by uri within the source `upsert`. A uri that is not there is listed as skipped. */
  remove(uris: readonly string[], options?: WriteOptions): Promise<ChangeReport>;
  /** Brings the store in step with a folder. It may be interrupted at any time and run again. */
  sync(folder: string, options?: SyncOptions): Promise<ChangeReport>;
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
  status(): Promise<StoreStatus>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
