export { type SentenceSpan, splitSentences } from "./chunk/sentences.ts";
export type { Dtype } from "./embed/embedder-folder.ts";
export {
  type CachedEmbedder,
  createCachedEmbedder,
  type EmbeddingCacheSettings,
} from "./embed/embedding-cache.ts";
export {
  createOpenAiEmbedder,
  type OpenAiEmbedderEnvironment,
  type OpenAiEmbedderSettings,
} from "./embed/openai-embedder.ts";
export {
  createTransformersEmbedder,
  type TransformersEmbedderSettings,
} from "./embed/transformers-embedder.ts";
export { realFolder } from "./extract/folder.ts";
export { DEFAULT_VECTOR_WEIGHT, type KnowledgeSettings, openKnowledge } from "./knowledge.ts";
export { type ReembedReport, type ReembedSettings, reembedKnowledge } from "./reembed/reembed.ts";
export {
  createTransformersReranker,
  type TransformersRerankerSettings,
} from "./rerank/transformers-reranker.ts";
export { WORD_GROUPS } from "./search/word-groups.ts";
