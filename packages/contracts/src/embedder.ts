/** What a text is for: some embedders treat a question and a passage differently. */
export type EmbeddingKind = "query" | "passage";

/** Turns text into vectors of unit length, on this machine. */
export interface Embedder {
  /**
   * Names the vectors: model name and content hash. A store remembers it and refuses another, since vectors of two
   * models do not compare.
   */
  readonly id: string;
  readonly dimensions: number;
  /** Longest input in its own tokens; what lies beyond is not seen, so chunks are sized by {@link countTokens}. */
  readonly maxTokens: number;
  /** Vectors of length {@link dimensions} and Euclidean norm 1 (or all zero for text without a known word), in order. */
  embed(texts: readonly string[], kind: EmbeddingKind, signal?: AbortSignal): Promise<Float32Array[]>;
  /** Number of the model's own tokens in each text, without special tokens. */
  countTokens(texts: readonly string[]): readonly number[];
  /** Drops what it keeps of texts, if it keeps any. `purge` calls it. */
  forget?(): Promise<void>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
