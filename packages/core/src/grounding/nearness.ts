import type { Embedder, Passage } from "@advisor/contracts";
import type { Candidate } from "./candidates.ts";

/**
 * How near each sentence is to the question by embedding: the mean of the cosines of the sentence under its title and
 * headings, and of its whole passage. The mean over all sentences is taken off, since cosines of two embedders, or of two
 * questions, do not compare.
 */
export async function readNearness(
  question: string,
  passages: readonly Passage[],
  candidates: readonly Candidate[],
  embedder: Embedder,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const sentences = candidates.map(({ passageIndex, text }) => {
    const passage = passages[passageIndex];
    return [passage?.title, ...(passage?.headings ?? []), text].join(". ");
  });
  const [query] = await embedder.embed([question], "query", signal);
  const vectors = await embedder.embed(
    [...sentences, ...passages.map(({ text }) => text)],
    "passage",
    signal,
  );
  const cosine = (index: number): number =>
    vectors[index]?.reduce((dot, value, i) => dot + value * (query?.[i] ?? 0), 0) ?? 0;
  const whole = passages.map((_, p) => cosine(sentences.length + p));
  return centred(candidates.map(({ passageIndex }, c) => (cosine(c) + (whole[passageIndex] ?? 0)) / 2));
}

/** Differences from the mean. */
export function centred(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  return values.map((value) => value - mean);
}
