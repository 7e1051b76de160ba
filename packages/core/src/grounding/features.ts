import type { Passage } from "@advisor/contracts";
import { fitsAnswerType } from "./answer-type.ts";
import type { Candidate } from "./candidates.ts";
import { closeness, wordWeight } from "./closeness.ts";
import type { Question } from "./question.ts";
import { readWords, type Word } from "./words.ts";

/**
 * What the scorer looks at in one sentence, counted from words. Each lies in about [0, 1].
 *
 * The question's content, weighted by rarity, is shared out to the nearest place where each word stands; of these shares
 * `inSentence`, `inPrevious`, `elsewhere` and `nowhere` are looked at.
 */
export interface Features {
  readonly inSentence: number;
  /** In the sentence before: what this one's "it" may stand for. */
  readonly inPrevious: number;
  /** Only in other passages. */
  readonly elsewhere: number;
  /** In none of the passages. */
  readonly nowhere: number;
  /** Share in the sentence of what title and headings leave open: they hold for the whole passage and choose nothing. */
  readonly beyondHeadings: number;
  /** Share of the question's names, numbers and identifiers that stand in the sentence. */
  readonly exactInSentence: number;
  /** Share of them that stand only in other passages. */
  readonly exactElsewhere: number;
  readonly asksExact: number;
  /** BM25 over the best sentence's. */
  readonly bm25Relative: number;
  /** BM25 over the most that the question's words could bring. */
  readonly bm25Share: number;
  /** Share of the question's neighbouring content words that stand close together in the sentence too. */
  readonly pairs: number;
  /** Share of the question's neighbouring words that follow each other in the sentence too. */
  readonly phrases: number;
  /** How much of the question stands in how short a stretch of the sentence. */
  readonly density: number;
  /** The question wants a number, sum, span or date, and the sentence has none of its own. */
  readonly lacksNumber: number;
  /** The question wants a name, and the sentence has none of its own. */
  readonly lacksName: number;
  /** A number stands right before what `how many ...` counts. */
  readonly countsAsked: number;
  /** An identifier of the question opens the sentence, as the row of an error code does. */
  readonly opensWithIdentifier: number;
  readonly firstPassage: number;
  readonly length: number;
}

const K1 = 1.2;
const B = 0.75;
/** Farthest distance, in words, at which two neighbouring words of the question still count as together. */
const PAIR_WINDOW = 4;
/** Farthest distance, in words, from a number to the thing it counts. */
const COUNT_WINDOW = 3;
/** What a table's column names count, against the row's own words. */
const COLUMN_WEIGHT = 0.8;

/** Limits on what is compared pair by pair, so that a word repeated a thousand times costs no more than a sentence. */
const MAX_PAIRS = 64;
const MAX_PLACES = 16;
const MAX_STRETCH = 64;

/** Features of every candidate, in the same order. */
export function readFeatures(
  question: Question,
  passages: readonly Passage[],
  candidates: readonly Candidate[],
): Features[] {
  const { content } = question;
  const terms = candidates.map(({ words }) => new Set(words.map(({ term }) => term)));
  const own = terms.map((set) => content.map(({ term }) => closeness(term, set)));
  const headings = passages.map(({ title, headings }) => {
    const set = termSet([title, ...headings].join(" \n "));
    return content.map(({ term }) => closeness(term, set));
  });
  const weights = content.map((word, j) => {
    const frequency = own.reduce((n, closes) => n + (at(closes, j) > 0 ? 1 : 0), 0);
    return wordWeight(word, frequency, candidates.length);
  });
  const total = sum(weights) || 1;
  const within = passages.map((_, p) =>
    content.map((_, j) =>
      candidates.reduce((best, { passageIndex }, c) => {
        return passageIndex === p ? Math.max(best, at(own[c], j)) : best;
      }, 0),
    ),
  );
  const anywhere = content.map((_, j) => Math.max(0, ...[...within, ...headings].map((row) => at(row, j))));
  const bm25 = scoreBm25(content, weights, candidates, own);
  const bestBm25 = Math.max(...bm25, Number.MIN_VALUE);
  const asked = new Set(question.words.map(({ term }) => term));
  const identifiers = new Set(content.filter(({ kind }) => kind === "identifier").map(({ term }) => term));
  const exactCount = content.filter(isExact).length;

  return candidates.map((candidate, c) => {
    const p = candidate.passageIndex;
    const previous = candidates[c - 1]?.passageIndex === p ? own[c - 1] : undefined;
    const next = candidates[c + 1]?.passageIndex === p ? own[c + 1] : undefined;
    const columns = candidate.columns === "" ? undefined : termSet(candidate.columns);
    const shares = { inSentence: 0, inPrevious: 0, elsewhere: 0, nowhere: 0 };
    const exact = { inSentence: 0, elsewhere: 0 };
    let open = 0;
    let openFound = 0;
    for (const [j, word] of content.entries()) {
      const weight = at(weights, j);
      const inColumns = columns ? COLUMN_WEIGHT * closeness(word.term, columns) : 0;
      const here = Math.max(at(own[c], j), inColumns);
      const heading = at(headings[p], j);
      const near = Math.max(here, heading);
      const before = Math.max(near, at(previous, j));
      const passage = Math.max(before, at(next, j), at(within[p], j));
      const all = Math.max(passage, at(anywhere, j));
      shares.inSentence += weight * here;
      shares.inPrevious += weight * (before - near);
      shares.elsewhere += weight * (all - passage);
      shares.nowhere += weight * (1 - all);
      if (heading === 0) {
        open += weight;
        openFound += weight * here;
      }
      if (isExact(word)) {
        if (here >= 1) exact.inSentence++;
        else if (passage < 1 && all >= 1) exact.elsewhere++;
      }
    }
    const fits = fitsAnswerType(question.asks, candidate, asked);
    const named = question.asks === "person" || question.asks === "place";
    const [first] = candidate.words;
    return {
      inSentence: shares.inSentence / total,
      inPrevious: shares.inPrevious / total,
      elsewhere: shares.elsewhere / total,
      nowhere: shares.nowhere / total,
      beyondHeadings: open === 0 ? 0 : openFound / open,
      exactInSentence: exactCount === 0 ? 0 : exact.inSentence / exactCount,
      exactElsewhere: exactCount === 0 ? 0 : exact.elsewhere / exactCount,
      asksExact: exactCount === 0 ? 0 : 1,
      bm25Relative: at(bm25, c) / bestBm25,
      bm25Share: at(bm25, c) / (total * (K1 + 1)),
      pairs: pairShare(question, candidate.words),
      phrases: phraseShare(question, candidate.words),
      density: densest(content, weights, candidate.words) / total,
      lacksNumber: fits === false && !named ? 1 : 0,
      lacksName: fits === false && named ? 1 : 0,
      countsAsked: countsAsked(question, candidate.words) ? 1 : 0,
      opensWithIdentifier: first && identifiers.has(first.term) ? 1 : 0,
      firstPassage: p === 0 ? 1 : 0,
      length: Math.log(1 + candidate.words.filter(({ stop }) => !stop).length) / 4,
    };
  });
}

/** Names, numbers and identifiers: words that have no synonym. */
function isExact(word: Word): boolean {
  return word.kind !== "word" || (word.capital && !word.first);
}

function scoreBm25(
  content: readonly Word[],
  weights: readonly number[],
  candidates: readonly Candidate[],
  own: readonly (readonly number[])[],
): number[] {
  const average = sum(candidates.map(({ words }) => words.length)) / candidates.length;
  return candidates.map(({ words }, c) => {
    const norm = K1 * (1 - B + (B * words.length) / Math.max(1, average));
    return content.reduce((score, { term }, j) => {
      const tf = words.reduce((n, word) => n + (word.term === term ? 1 : 0), 0) || at(own[c], j);
      return score + (at(weights, j) * tf * (K1 + 1)) / (tf + norm);
    }, 0);
  });
}

function pairShare({ words }: Question, sentence: readonly Word[]): number {
  const content = words.filter(({ stop }) => !stop);
  return neighbourShare(content, sentence, (a, b) => Math.abs(a - b) <= PAIR_WINDOW);
}

function phraseShare({ words }: Question, sentence: readonly Word[]): number {
  return neighbourShare(words, sentence, (a, b) => b === a + 1);
}

function neighbourShare(
  words: readonly Word[],
  sentence: readonly Word[],
  together: (a: number, b: number) => boolean,
): number {
  const pairs = words.slice(0, MAX_PAIRS + 1);
  if (pairs.length < 2) return 0;
  const places = new Map<string, number[]>();
  for (const [i, { term }] of sentence.entries()) {
    const known = places.get(term);
    if (!known) places.set(term, [i]);
    else if (known.length < MAX_PLACES) known.push(i);
  }
  let found = 0;
  for (let i = 1; i < pairs.length; i++) {
    const left = places.get(pairs[i - 1]?.term ?? "") ?? [];
    const right = places.get(pairs[i]?.term ?? "") ?? [];
    if (left.some((a) => right.some((b) => together(a, b)))) found++;
  }
  return found / (pairs.length - 1);
}

/** The most that any stretch of the sentence holds of the question, less for longer stretches. */
function densest(content: readonly Word[], weights: readonly number[], sentence: readonly Word[]): number {
  const index = new Map(content.map(({ term }, j) => [term, j] as const));
  const hits = sentence.flatMap(({ term }, place) => {
    const j = index.get(term);
    return j === undefined ? [] : [{ place, j }];
  });
  let best = 0;
  for (const [a, from] of hits.entries()) {
    const seen = new Set<number>();
    let held = 0;
    for (const to of hits.slice(a, a + MAX_STRETCH)) {
      if (!seen.has(to.j)) held += at(weights, to.j);
      seen.add(to.j);
      const sparsity = Math.sqrt(Math.max(1, (to.place - from.place + 1) / (2 * seen.size)));
      best = Math.max(best, held / sparsity);
    }
  }
  return best;
}

function countsAsked({ counts }: Question, words: readonly Word[]): boolean {
  if (counts.length === 0) return false;
  return words.some(
    ({ kind }, i) =>
      kind === "number" && words.slice(i + 1, i + 1 + COUNT_WINDOW).some(({ term }) => counts.includes(term)),
  );
}

function termSet(text: string): Set<string> {
  return new Set(readWords(text).map(({ term }) => term));
}

function at(values: readonly number[] | undefined, index: number): number {
  return values?.[index] ?? 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
