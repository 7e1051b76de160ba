import type { Citation, Passage } from "@advisor/contracts";
import { readMarks } from "./marks.ts";
import { readSources, resolveClaim, type Sources } from "./support.ts";

export interface CitationRequest {
  /** The answer as written. */
  readonly text: string;
  /** As numbered in the prompt: number `n` is `passages[n - 1]`. */
  readonly passages: readonly Passage[];
}

/**
 * Finds the `[n]` marks of an answer and checks the statement before each one against the passages of the prompt.
 *
 * Each mark yields one citation, in the order of the text; `[1, 2]` and `[1][2]` yield two for the same statement.
 * For the verdicts see {@link Citation}; a number that names no passage is fabricated.
 */
export function checkCitations({ text, passages }: CitationRequest): Citation[] {
  const marks = readMarks(text);
  if (marks.length === 0) return [];
  const sources: Sources = readSources(passages);
  return marks.flatMap(({ numbers, claim }) => numbers.map((n) => resolveClaim(claim, n, numbers, sources)));
}
