import type {
  AdapterSelection,
  AdministrationReport,
  AdministrationRequest,
  Answer,
  AnswerEvent,
  ChangeReport,
  CountRequest,
  Counts,
  Document,
  DocumentInput,
  DocumentReference,
  DocumentVersion,
  Embedder,
  FacetsRequest,
  FacetsResult,
  Filter,
  FolderWatch,
  Generator,
  Grounding,
  HealthReport,
  HealthRequest,
  Instant,
  KeepVersions,
  LoadedAdapter,
  Message,
  Mode,
  ModelInfo,
  OnProgress,
  OutputFormat,
  Principal,
  PromptFormat,
  PurgeReport,
  Reranker,
  Retriever,
  SearchMode,
  SearchRequest,
  SearchResult,
  StoreStatus,
  SyncOptions,
  Warning,
  WatchOptions,
  WriteOptions,
} from "@advisor/contracts";

import type { EmbedderChoice } from "./embedder-choice.ts";
import type { RerankerChoice } from "./reranker-choice.ts";
import type { StoreChoice } from "./store-choice.ts";

/** What an advisor is made of. Every field has a default, and every part can be replaced through its contract. */
export interface AdvisorSettings {
  /**
   * Folder of the knowledge store, a store with settings (one on an object store, docs/storage.md), or a retriever of
   * your own. Default `.advisor` in the working directory. The first `sync` or `upsert` makes it; asking one that is not
   * there throws StoreError `store_missing`.
   */
  readonly store?: string | StoreChoice | Retriever;
  /**
   * How long the store keeps a former version of a page: `none`, `forever`, or a time such as `12h`, `30d`, `1y`. It
   * remembers what it was last told, and takes it up at the next writing call. Default: what it remembers; of a new store
   * 30 days. Without effect on a retriever of your own.
   */
  readonly keepVersions?: KeepVersions;
  /** `nano` (the embedded model), the path of a chat GGUF, or a generator of your own. Default `nano`. */
  readonly model?: "nano" | (string & {}) | Generator;
  /**
   * `nano` (the embedded model), the folder of a transformers.js model, the path of a GGUF, one of these or an
   * OpenAI-compatible server with settings, or an embedder of your own. Default `nano`. See docs/embedders.md.
   */
  readonly embedder?: "nano" | (string & {}) | EmbedderChoice | Embedder;
  /**
   * Reads the first passages of a hybrid search again, each together with the question, and puts them in its order: the
   * folder of a cross-encoder for transformers.js, one with settings, or a reranker of your own. It loads with the store.
   * Default none. Without effect on a retriever of your own. See docs/retrieval.md.
   */
  readonly reranker?: string | RerankerChoice | Reranker;
  /** How many passages the reranker reads, 1 to 200. Default 30. */
  readonly rerankDepth?: number;
  /** Paths of LoRA GGUFs, each with its manifest beside it. With the nano model its own adapters are there too. */
  readonly adapters?: readonly string[];
  /**
   * Adapter of the arms `adapter` and `hybrid` when a request names none. Default: with the nano model and no `adapters` of
   * yours the one that its card names, `support-voice`; else the only one loaded; else none, and such a request has to name one.
   */
  readonly adapter?: string | AdapterSelection;
  /** Who asks when a request names no one. Default: administrator of the tenant `default` (one person, own machine). */
  readonly principal?: Principal;
  /** Arm of a request that names none. Default `retrieval`. */
  readonly mode?: Mode;
  /** Default: what the model's card names (`quoted` for nano), else `cited`. */
  readonly grounding?: Grounding;
  /** Passages to retrieve. Default 4. */
  readonly topK?: number;
  /** Layout of the prompt. Default: the model card's, else a general one. */
  readonly promptFormat?: PromptFormat;
  /** Context window in tokens. Default: the model's own, at most 8,192. */
  readonly contextLength?: number;
  /** GPU use. Default `auto`: a GPU when llama.cpp finds one, else the CPU. */
  readonly gpu?: "auto" | false;
  readonly onProgress?: OnProgress;
}

/** One question. Only `question` is needed; the rest overrides the advisor's settings for this request. */
export interface AskRequest {
  readonly question: string;
  /** Earlier turns, oldest first. A follow-up question is searched in their context. */
  readonly history?: readonly Message[];
  readonly mode?: Mode;
  readonly grounding?: Grounding;
  readonly adapter?: string | AdapterSelection;
  readonly principal?: Principal;
  /** Which documents to look at. Default: all that the principal may read. */
  readonly filter?: Filter;
  /** Chunks before and after each passage that it is widened by. Default none. */
  readonly neighbours?: SearchRequest["neighbours"];
  readonly topK?: number;
  /** Default `hybrid`. */
  readonly searchMode?: SearchMode;
  /**
   * Answers from the pages as they stood at that instant, under the access rules of today; a warning in the answer says
   * so. For the arms with sources. A date alone means its beginning in UTC. Default: the pages of now.
   */
  readonly asOf?: Instant;
  /** Default 256. `quoted` writes whole sentences, whatever it says. */
  readonly maxTokens?: number;
  /** Default 0: the same answer each time. */
  readonly temperature?: number;
  readonly seed?: number;
  /** Restricts the answer, to JSON of a zod schema for example. Not with `quoted`, which restricts it already. */
  readonly format?: OutputFormat;
  /** Puts the prompt, exactly as sent, into the answer. Default false. */
  readonly includePrompt?: boolean;
  readonly signal?: AbortSignal;
}

/** Options of `search`. Defaults are the advisor's own; `mode` is `hybrid`. */
export interface AdvisorSearchOptions {
  readonly principal?: Principal;
  /** Which documents to look at. Default: all that the principal may read. */
  readonly filter?: Filter;
  /** Chunks before and after each passage that it is widened by. Default none. */
  readonly neighbours?: SearchRequest["neighbours"];
  /** Whether passages that only repeat a better one are left out. Default `fold`: they are. */
  readonly copies?: SearchRequest["copies"];
  readonly topK?: number;
  readonly mode?: SearchMode;
  /** Searches the pages as they stood at that instant, under the access rules of today. */
  readonly asOf?: Instant;
  readonly signal?: AbortSignal;
}

/** See {@link CountRequest}; without a principal the advisor's own counts. */
export type AdvisorCountOptions = Omit<CountRequest, "principal"> & { readonly principal?: Principal };

/** See {@link FacetsRequest}; without a principal the advisor's own counts. */
export type AdvisorFacetsOptions = Omit<FacetsRequest, "principal"> & { readonly principal?: Principal };

/** See {@link HealthRequest}; without a principal the advisor's own checks. */
export type AdvisorCheckOptions = Omit<HealthRequest, "principal"> & { readonly principal?: Principal };

/** See {@link AdministrationRequest}; without a principal the advisor's own tenant is reindexed. */
export type AdvisorReindexOptions = Omit<AdministrationRequest, "principal"> & {
  readonly principal?: Principal;
};

/** What is loaded and stored, for people and dashboards. Parts that were not needed yet are loaded to answer. */
export interface AdvisorStatus {
  readonly model: ModelInfo;
  readonly adapters: readonly LoadedAdapter[];
  readonly store: StoreStatus;
  readonly principal: Principal;
  readonly defaults: {
    readonly mode: Mode;
    readonly grounding: Grounding;
    readonly topK: number;
    /** The adapter of requests that name none: as the settings say, loaded or not. Absent where such a request has to name one. */
    readonly adapter?: string;
  };
  readonly warnings: readonly Warning[];
}

/**
 * Retrieval and adapters as two levers of one pipeline. Safe to call concurrently. Store, embedder and model load on
 * first use, so a program that only searches never loads the chat model.
 */
export interface Advisor {
  /** Brings the store in step with a folder (docs/sources.md names the formats). Interrupt it and run it again at will. */
  sync(folder: string, options?: SyncOptions): Promise<ChangeReport>;
  /**
   * The same as {@link sync}, and then keeps the store in step until closed: what changes in the folder is in the next
   * answer. `dispose` closes it.
   * @throws what `sync` throws; BadInputError `invalid_setting` when a retriever of your own cannot watch.
   */
  watch(folder: string, options?: WatchOptions): Promise<FolderWatch>;
  upsert(
    documents: DocumentInput | readonly DocumentInput[] | AsyncIterable<DocumentInput>,
    options?: WriteOptions,
  ): Promise<ChangeReport>;
  remove(uris: string | readonly string[], options?: WriteOptions): Promise<ChangeReport>;
  search(query: string, options?: AdvisorSearchOptions): Promise<SearchResult>;
  /** The document a citation points into, if the principal may read it; with `asOf` as it stood then. */
  document(
    id: string,
    options?: { readonly principal?: Principal; readonly asOf?: Instant },
  ): Promise<Document | undefined>;
  /**
   * The stored versions of a page that the principal may read, latest first; several pages may have one uri.
   * @throws BadInputError `invalid_setting` when a retriever of your own keeps no history.
   */
  versions(
    page: string | DocumentReference,
    options?: { readonly principal?: Principal },
  ): Promise<readonly DocumentVersion[]>;
  /**
   * Erases pages from every version, and their bytes from the store's files. A page whose file is still in its folder
   * comes back with the next `sync`.
   * @throws NotPermittedError when the principal is no administrator. BadInputError `invalid_setting` when a retriever of
   * your own keeps no history.
   */
  purge(
    pages: string | DocumentReference | readonly (string | DocumentReference)[],
    options?: { readonly principal?: Principal; readonly signal?: AbortSignal },
  ): Promise<PurgeReport>;
  /**
   * How many documents and passages the principal may read.
   * @throws BadInputError `invalid_setting` when a retriever of your own cannot count.
   */
  count(options?: AdvisorCountOptions): Promise<Counts>;
  /**
   * How many documents the principal may read, by source, role or metadata.
   * @throws BadInputError `invalid_setting` when a retriever of your own cannot count.
   */
  facets(options: AdvisorFacetsOptions): Promise<FacetsResult>;
  /** The roles that the tenant's rules name. */
  roles(tenant?: string): Promise<readonly string[]>;
  /**
   * Looks through all pages of the principal's tenant for what makes answers wrong. Loads no chat model.
   * @throws NotPermittedError when the principal is no administrator. BadInputError `invalid_setting` when a retriever of
   * your own cannot check.
   */
  check(options?: AdvisorCheckOptions): Promise<HealthReport>;
  /**
   * Makes the indexes of the principal's tenant anew and compacts its table; searches go on meanwhile.
   * @throws NotPermittedError when the principal is no administrator.
   */
  reindex(options?: AdvisorReindexOptions): Promise<AdministrationReport>;
  /**
   * Removes all that is stored of the named principal's tenant, former states included. It cannot be undone, so there is
   * no default principal.
   * @throws NotPermittedError when the principal is no administrator.
   */
  removeTenant(request: AdministrationRequest): Promise<AdministrationReport>;
  ask(request: string | AskRequest): Promise<Answer>;
  /**
   * The same as {@link ask}, as it happens. Leaving the loop early aborts the work. `dispose` waits for a stream that is
   * being read, so read it to its end or leave it.
   */
  stream(request: string | AskRequest): AsyncIterable<AnswerEvent>;
  status(): Promise<AdvisorStatus>;
  /** Loads everything now instead of on first use. A store that is not there yet is left for the first `sync`. */
  warmUp(): Promise<void>;
  /** Waits for work in flight, then frees the models and closes the store. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
