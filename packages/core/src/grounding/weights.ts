import type { CandidateKind } from "./candidates.ts";
import type { Features } from "./features.ts";

/**
 * Weights of the sentence scorer's features. The weighted sum is a sentence's log odds against "no sentence answers".
 *
 * Fitted by `recipe/fit-evidence.mjs`: a softmax over all sentences of four passages and "none", with L2 penalty, on the
 * first half of SQuAD dev's 120 passages (with the gold passage and without it) and on the handbook's questions for
 * tuning. `opensWithIdentifier` is set by hand, for those sets hold too few identifiers to tell.
 */
export const FEATURE_WEIGHTS: Readonly<Record<keyof Features, number>> = {
  inSentence: 1.73,
  inPrevious: 0.85,
  elsewhere: -1.51,
  nowhere: -1.63,
  beyondHeadings: 2.03,
  exactInSentence: 0.63,
  exactElsewhere: -1.02,
  asksExact: -0.5,
  bm25Relative: 1.37,
  bm25Share: 0.75,
  pairs: 0.98,
  phrases: 0.82,
  density: 0.93,
  lacksNumber: -1.2,
  lacksName: -0.59,
  countsAsked: 0.72,
  opensWithIdentifier: 1.5,
  firstPassage: 0.87,
  length: -0.6,
};
export const BIAS = -3.76;

/** Set by hand: a heading names what others say, and states nothing. */
export const KIND_WEIGHTS: Readonly<Record<CandidateKind, number>> = {
  prose: 0,
  item: 0,
  row: 0,
  code: 0,
  heading: -2,
};
