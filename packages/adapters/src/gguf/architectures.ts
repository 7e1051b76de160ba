/** What a model is loaded for. */
export type ModelUse = "chat" | "embedding";

/** How the vectors of a text's tokens become one. */
export type Pooling = "mean" | "cls" | "last";

/** By llama.cpp's numbers (`llama_pooling_type`). 4, `rank`, gives a score and no vector. */
export const POOLINGS: readonly (Pooling | undefined)[] = [undefined, "mean", "cls", "last"];
const RANK_POOLING = 4;

export const NEXT_MODEL: Readonly<Record<ModelUse, string>> = {
  chat: "Give a GGUF of a text chat model",
  embedding: "Give a GGUF of an embedding model, or of a text chat model",
};

/** Architectures that llama.cpp loads and that embed text, and do not write it one token after another. */
const EMBEDDERS: ReadonlySet<string> = new Set([
  "bert",
  "modern-bert",
  "nomic-bert",
  "nomic-bert-moe",
  "neo-bert",
  "jina-bert-v2",
  "jina-bert-v3",
  "eurobert",
  "gemma-embedding",
  "llama-embed",
]);

/** Architectures that llama.cpp loads and that neither chat nor embed text here. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ["clip", "a vision projector"],
  ["t5encoder", "the encoder of a T5 model"],
  ["t5", "an encoder-decoder model"],
  ["wavtokenizer-dec", "an audio decoder"],
  ["dream", "a diffusion model"],
  ["llada", "a diffusion model"],
  ["llada-moe", "a diffusion model"],
  ["rnd1", "a diffusion model"],
]);

interface ModelKind {
  readonly architecture: string;
  /** `general.type`. */
  readonly kind: string;
  readonly isCausal: boolean;
  /** llama.cpp's number, 0 where the header names none. */
  readonly pooling: number;
}

/** Why a model is not taken for this use, as a clause; undefined when it is. */
export function refusalOf(use: ModelUse, model: ModelKind): string | undefined {
  const { architecture, kind, isCausal, pooling } = model;
  const cannot = use === "chat" ? "which cannot chat" : "which embeds no text";
  const other = OTHERS.get(architecture) ?? (kind === "model" ? undefined : `a GGUF of type ${kind}`);
  if (other) return `it is ${other} (${architecture}), ${cannot}`;
  if (use === "embedding") {
    return pooling >= RANK_POOLING ? "it is a reranker: it scores texts and gives no vectors" : undefined;
  }
  if (EMBEDDERS.has(architecture)) return `it is an embedding model (${architecture}), ${cannot}`;
  if (!isCausal) return "its attention is not causal, so it embeds text and does not write it";
  return pooling > 0 ? "it is an embedding model: it pools its outputs" : undefined;
}
