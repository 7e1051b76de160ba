import { CancelledError, type Embedder, type EvidenceSettings, type Passage } from "@advisor/contracts";
import { readCandidates } from "./candidates.ts";
import { type Features, readFeatures } from "./features.ts";
import { readQuestion } from "./question.ts";

/** A sentence of a passage, scored as evidence for a question. */
export interface EvidenceSentence {
  /** Position of its passage, from 0. */
  readonly passageIndex: number;
  /** UTF-16 offsets into the document's text: `document.text.slice(start, end) === text`. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Higher is better; comparable between questions, so that one threshold serves all. */
  readonly score: number;
}

export interface EvidenceRequest {
  readonly question: string;
  /** As numbered in the prompt, best first. */
  readonly passages: readonly Passage[];
  /** Absent: the score goes by words alone. */
  readonly embedder?: Embedder;
  /** Mean log probability a token of each sentence as the reply. Called only when its weight is above 0. */
  readonly likelihood?: (sentences: readonly string[], signal?: AbortSignal) => Promise<readonly number[]>;
  readonly settings: EvidenceSettings;
  readonly signal?: AbortSignal;
}

/** For a model without a card of its own: the scorer does not need the model. */
export const DEFAULT_EVIDENCE: EvidenceSettings = {
  lexicalWeight: 1,
  embeddingWeight: 0.5,
  likelihoodWeight: 0,
  refusalThreshold: 0,
};

const WEIGHTS: Partial<Readonly<Record<keyof Features, number>>> = {
  coverage: 3,
  context: 2,
  passage: 1,
  bm25: 2,
  pairs: 1.5,
  exact: 1,
  fits: 1,
  focus: 0.5,
  rank: 0.5,
  short: -1,
  heading: -2,
  code: -1,
};
const BIAS = -4;

/**
 * Scores every sentence of the passages as evidence for the question, best first. Empty when the passages hold none.
 *
 * @throws {@link CancelledError} when the signal aborts.
 */
export async function scoreEvidence(request: EvidenceRequest): Promise<EvidenceSentence[]> {
  const { passages, embedder, likelihood, settings, signal } = request;
  throwIfAborted(signal);
  const question = readQuestion(request.question);
  const candidates = readCandidates(passages);
  if (candidates.length === 0) return [];
  const features = readFeatures(question, passages, candidates);
  const texts = candidates.map(({ text }) => text);
  const nearness =
    embedder && settings.embeddingWeight > 0
      ? await similarities(request.question, texts, embedder, signal)
      : [];
  throwIfAborted(signal);
  const likely = likelihood && settings.likelihoodWeight > 0 ? centred(await likelihood(texts, signal)) : [];
  throwIfAborted(signal);
  return candidates
    .map(({ passageIndex, start, end, text }, i) => {
      const own = features[i];
      const lexical = own
        ? BIAS + Object.entries(WEIGHTS).reduce((s, [name, w]) => s + w * own[name as keyof Features], 0)
        : 0;
      const score =
        settings.lexicalWeight * lexical +
        settings.embeddingWeight * (nearness[i] ?? 0) +
        settings.likelihoodWeight * (likely[i] ?? 0);
      return { passageIndex, start, end, text, score };
    })
    .sort((a, b) => b.score - a.score);
}

async function similarities(
  question: string,
  texts: readonly string[],
  embedder: Embedder,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const [query] = await embedder.embed([question], "query", signal);
  const vectors = await embedder.embed(texts, "passage", signal);
  return vectors.map((vector) => vector.reduce((dot, value, i) => dot + value * (query?.[i] ?? 0), 0));
}

/** Differences from the mean: a likelihood alone says as much about the prompt as about the sentence. */
function centred(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  return values.map((value) => value - mean);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new CancelledError({
    code: "cancelled",
    subject: "evidence scoring",
    reason: "its signal was aborted",
    nextStep: "Ask again when the answer is wanted",
    cause: signal.reason,
  });
}
