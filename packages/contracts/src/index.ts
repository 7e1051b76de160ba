export {
  type Access,
  ADMINISTRATOR,
  accessSchema,
  DEFAULT_PRINCIPAL,
  DEFAULT_TENANT,
  isAdministrator,
  MAX_NAME_LENGTH,
  MAX_ROLES,
  type Principal,
  permits,
  principalSchema,
  roleSchema,
  tenantSchema,
} from "./access.ts";
export {
  type AdapterBase,
  type AdapterForm,
  type AdapterManifest,
  adapterBaseSchema,
  adapterFormSchema,
  adapterManifestSchema,
  heldOutScoreSchema,
} from "./adapter-manifest.ts";
export {
  type AdministrationReport,
  type AdministrationRequest,
  administrationRequestSchema,
} from "./administration.ts";
export {
  type Answer,
  type AnswerEvent,
  type AnswerTimings,
  type Citation,
  type Grounding,
  groundingSchema,
  type Mode,
  modeSchema,
  usesAdapter,
  usesSources,
  type Verdict,
  verdictSchema,
} from "./answer.ts";
export {
  type Chunk,
  type Document,
  type DocumentInput,
  documentInputSchema,
  MAX_DOCUMENT_LENGTH,
  MAX_METADATA_ITEMS,
  MAX_METADATA_KEYS,
  MAX_METADATA_VALUE_LENGTH,
  MAX_URI_LENGTH,
  type MediaType,
  type Metadata,
  mediaTypeSchema,
  metadataSchema,
} from "./document.ts";
export type { Embedder, EmbeddingKind } from "./embedder.ts";
export { AdapterError, type AdapterErrorCode } from "./errors/adapter-error.ts";
export { AdvisorError, type AdvisorErrorOptions } from "./errors/advisor-error.ts";
export { BadInputError, type BadInputErrorCode } from "./errors/bad-input-error.ts";
export { CancelledError, type CancelledErrorCode } from "./errors/cancelled-error.ts";
export { ContextError, type ContextErrorCode } from "./errors/context-error.ts";
export { ModelError, type ModelErrorCode } from "./errors/model-error.ts";
export { NotPermittedError, type NotPermittedErrorCode } from "./errors/not-permitted-error.ts";
export { OutOfMemoryError, type OutOfMemoryErrorCode } from "./errors/out-of-memory-error.ts";
export { StoreError, type StoreErrorCode } from "./errors/store-error.ts";
export {
  type CountRequest,
  type Counts,
  countFacets,
  countRequestSchema,
  createFacetCounter,
  type Facet,
  type FacetCounter,
  type FacetCounts,
  type FacetsRequest,
  type FacetsResult,
  type FacetValue,
  facetSchema,
  facetsRequestSchema,
  MAX_FACET_VALUES,
  MAX_FACETS,
} from "./facets.ts";
export {
  dateSpan,
  type Filter,
  type FilterValue,
  filterSchema,
  MAX_FILTER_CONDITIONS,
  MAX_FILTER_DEPTH,
  MAX_FILTER_VALUES,
  matchesFilter,
  type RangeFilter,
} from "./filter.ts";
export type {
  AdapterSelection,
  GenerateEvent,
  GenerateRequest,
  GenerateResult,
  GenerateTimings,
  Generator,
  GeneratorCapabilities,
  LikelihoodRequest,
  LoadedAdapter,
  ModelInfo,
  OutputFormat,
} from "./generator.ts";
export {
  type HealthCheck,
  type HealthCheckSummary,
  type HealthFinding,
  type HealthPlace,
  type HealthReport,
  type HealthRequest,
  healthCheckSchema,
  healthRequestSchema,
  MAX_HEALTH_QUESTIONS,
} from "./health.ts";
export {
  type DocumentReference,
  type DocumentVersion,
  documentReferenceSchema,
  type Instant,
  instantSchema,
  type KeepVersions,
  keepVersionsMs,
  keepVersionsSchema,
} from "./history.ts";
export { MAX_MESSAGE_LENGTH, type Message, messageSchema } from "./message.ts";
export {
  type ChatModelCard,
  chatModelCardSchema,
  type EmbedderCard,
  type EvidenceSettings,
  embedderCardSchema,
  evidenceSettingsSchema,
} from "./model-card.ts";
export { parseInput } from "./parse-input.ts";
export type { Passage, PassageCopy } from "./passage.ts";
export { joinPlaces, type PassagePlace, placeWithin, placeWords } from "./passage-place.ts";
export type { OnProgress, Progress, Warning } from "./progress.ts";
export { type PromptFormat, promptFormatSchema } from "./prompt-format.ts";
export type { Reranker } from "./reranker.ts";
export {
  type ChangeReport,
  type FolderWatch,
  globsSchema,
  MAX_NEIGHBOURS,
  MAX_QUERY_LENGTH,
  MAX_TOP_K,
  type Neighbours,
  neighboursSchema,
  type PurgeReport,
  type Retriever,
  type SearchMode,
  type SearchRequest,
  type SearchResult,
  type SearchTimings,
  type Skipped,
  type StoreStatus,
  type SyncOptions,
  searchModeSchema,
  searchRequestSchema,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
  writeOptionsSchema,
} from "./retriever.ts";
export { cancelledError, throwIfAborted } from "./throw-if-aborted.ts";
