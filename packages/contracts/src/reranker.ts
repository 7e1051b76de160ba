/**
 * Scores passages by reading each together with the question, as a cross-encoder does: slower than the legs of a search,
 * and better at telling the first places apart. It sees only passages that the principal may read.
 */
export interface Reranker {
  /** Name and content hash. */
  readonly id: string;
  /** A score for each text, higher for a better answer, on any scale. */
  score(question: string, texts: readonly string[], signal?: AbortSignal): Promise<readonly number[]>;
  /** Waits for work in flight, then frees the model. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
