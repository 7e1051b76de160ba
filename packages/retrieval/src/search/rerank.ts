import { ModelError, type Reranker } from "@advisor/contracts";
import type { Row } from "../store/lance.ts";
import { type Fused, rankShare } from "./fusion.ts";

/** A reranker, and how many of the first candidates it reads. */
export interface Reranking {
  readonly reranker: Reranker;
  readonly depth: number;
}

/** A fused candidate with its row. */
export interface Candidate extends Fused {
  readonly row: Row;
}

/**
 * The first `depth` candidates in the reranker's order, the rest behind them as they were. Scores come from the new ranks
 * alone; equals keep their order.
 */
export async function rerank(
  candidates: readonly Candidate[],
  { reranker, depth }: Reranking,
  question: string,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const first = candidates.slice(0, depth);
  if (first.length === 0) return [];
  const scores = await reranker.score(question, first.map(textOf), signal);
  if (scores.length !== first.length || scores.some((score) => Number.isNaN(score))) {
    throw new ModelError({
      code: "model_failed",
      subject: `reranker ${reranker.id}`,
      reason: `it gave ${scores.length} scores for ${first.length} passages, or one that is no number`,
      nextStep: "Use another reranker, or open the store without one",
    });
  }
  const order = first
    .map((candidate, index) => ({ candidate, score: scores[index] as number, index }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
  const ranked = order.map(({ candidate }, index) => ({
    ...candidate,
    ranks: { ...candidate.ranks, rerank: index + 1 },
  }));
  return [...ranked, ...candidates.slice(depth)].map((candidate, index) => ({
    ...candidate,
    score: rankShare(index + 1),
  }));
}

/** What is embedded of a passage is what is read here: title, headings, text. */
function textOf({ row }: Candidate): string {
  const above = [String(row.title), ...(row.headings as readonly unknown[]).map(String)];
  return `${[...new Set(above)].join(" › ")}\n${row.text}`;
}
