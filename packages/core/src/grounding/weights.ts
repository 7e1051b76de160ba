import type { CandidateKind } from "./candidates.ts";
import type { Features } from "./features.ts";

/**
 * Weights of the sentence scorer's features. The weighted sum is a sentence's log odds against "no sentence answers".
 *
 * Fitted by `bench/grounding-fit.mjs`: a softmax over all sentences of four passages and "none", with L2 penalty, on the
 * first half of SQuAD dev's 120 passages (with the gold passage and without it) and on the handbook's questions for
 * tuning. `opensWithIdentifier` is set by hand, for those sets hold too few identifiers to tell.
 */
export const FEATURE_WEIGHTS: Readonly<Record<keyof Features, number>> = {
  inSentence: 1.6,
  inPrevious: 0.85,
  elsewhere: -1.29,
  nowhere: -1.58,
  beyondHeadings: 1.93,
  exactInSentence: 0.66,
  exactElsewhere: -0.89,
  asksExact: -0.45,
  bm25Relative: 1.32,
  bm25Share: 0.72,
  pairs: 1.01,
  phrases: 0.85,
  density: 0.9,
  lacksNumber: -1.27,
  lacksName: -0.61,
  countsAsked: 0.72,
  opensWithIdentifier: 1.5,
  firstPassage: 0.93,
  length: -0.21,
};
export const BIAS = -3.88;

/** Set by hand: a heading names what others say, and states nothing. */
export const KIND_WEIGHTS: Readonly<Record<CandidateKind, number>> = {
  prose: 0,
  item: 0,
  row: 0,
  code: 0,
  heading: -2,
};
