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
  inSentence: 1.69,
  inPrevious: 0.79,
  elsewhere: -1.23,
  nowhere: -1.54,
  beyondHeadings: 1.97,
  exactInSentence: 0.68,
  exactElsewhere: -0.8,
  asksExact: -0.41,
  bm25Relative: 1.37,
  bm25Share: 0.74,
  pairs: 1.04,
  phrases: 0.8,
  density: 0.92,
  lacksNumber: -1.24,
  lacksName: -0.63,
  countsAsked: 0.73,
  opensWithIdentifier: 1.5,
  firstPassage: 1.02,
  length: -0.26,
};
export const BIAS = -4.03;

/** Set by hand: a heading names what others say, and states nothing. */
export const KIND_WEIGHTS: Readonly<Record<CandidateKind, number>> = {
  prose: 0,
  item: 0,
  row: 0,
  code: 0,
  heading: -2,
};
