import { type Embedder, type EvidenceSettings, type Passage, throwIfAborted } from "@advisor/contracts";
import { type CandidateKind, readCandidates } from "./candidates.ts";
import { type Features, readFeatures } from "./features.ts";
import { centred, readNearness } from "./nearness.ts";
import { readQuestion } from "./question.ts";
import { BIAS, FEATURE_WEIGHTS, KIND_WEIGHTS } from "./weights.ts";

/** A sentence of a passage, scored as evidence for a question. */
export interface EvidenceSentence {
  /** Position of its passage, from 0. */
  readonly passageIndex: number;
  /** UTF-16 offsets into the document's text: `document.text.slice(start, end) === text`. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Log odds that it answers against "none does"; comparable between questions, so that one threshold serves all. */
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
  embeddingWeight: 0.8,
  likelihoodWeight: 0,
  refusalThreshold: -1.5,
};

/**
 * Scores every sentence of the passages as evidence for the question, best first. Empty when the passages hold none.
 *
 * @throws CancelledError when the signal aborts.
 */
export async function scoreEvidence(request: EvidenceRequest): Promise<EvidenceSentence[]> {
  const { passages, embedder, likelihood, settings, signal } = request;
  throwIfAborted(signal, "evidence scoring", "Ask again when you want an answer");
  const question = readQuestion(request.question);
  const candidates = readCandidates(passages);
  if (candidates.length === 0) return [];
  const features = readFeatures(question, passages, candidates);
  const nearness =
    embedder && settings.embeddingWeight > 0
      ? await readNearness(request.question, passages, candidates, embedder, signal)
      : undefined;
  throwIfAborted(signal, "evidence scoring", "Ask again when you want an answer");
  const likely =
    likelihood && settings.likelihoodWeight > 0
      ? centred(
          await likelihood(
            candidates.map(({ text }) => text),
            signal,
          ),
        )
      : undefined;
  throwIfAborted(signal, "evidence scoring", "Ask again when you want an answer");
  return candidates
    .map(({ passageIndex, start, end, text, kind }, i) => {
      const score =
        settings.lexicalWeight * lexicalScore(features[i], kind) +
        settings.embeddingWeight * (nearness?.[i] ?? 0) +
        settings.likelihoodWeight * (likely?.[i] ?? 0);
      return { passageIndex, start, end, text, score };
    })
    .sort((a, b) => b.score - a.score);
}

function lexicalScore(features: Features | undefined, kind: CandidateKind): number {
  let score = BIAS + KIND_WEIGHTS[kind];
  for (const [name, value] of Object.entries(features ?? {}))
    score += FEATURE_WEIGHTS[name as keyof Features] * value;
  return score;
}
