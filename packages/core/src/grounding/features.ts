import type { Passage } from "@advisor/contracts";
import type { Candidate } from "./candidates.ts";
import type { AnswerType, Question } from "./question.ts";
import { readWords, type Word } from "./words.ts";

/** What the scorer looks at in one sentence. All but `embedding` are counted from words; most lie in [0, 1]. */
export interface Features {
  /** Share of the question's content, by idf, that stands in the sentence. */
  readonly coverage: number;
  /** The same over the sentence, its neighbours, headings and title: what the sentence's "it" stands for. */
  readonly context: number;
  /** The same over the whole passage with title and headings. */
  readonly passage: number;
  /** BM25 of the sentence among all candidates, over the best one's. */
  readonly bm25: number;
  /** Share of the question's neighbouring content words that stand close in the sentence too. */
  readonly pairs: number;
  /** Share of the question's names, numbers and identifiers that stand in the sentence. */
  readonly exact: number;
  /** 1 when the sentence holds something of the kind asked for that the question does not hold itself. */
  readonly fits: number;
  /** Share of the sentence's content words that are the question's. */
  readonly focus: number;
  /** 1 / rank of the passage. */
  readonly rank: number;
  /** Short fragments: how far the sentence is under six content words, in [0, 1]. */
  readonly short: number;
  readonly heading: number;
  readonly code: number;
}

const K1 = 1.2;
const B = 0.75;
/** Farthest distance, in words, at which two neighbouring words of the question still count as together. */
const PAIR_WINDOW = 4;

/** Features of every candidate, in the same order. */
export function readFeatures(
  question: Question,
  passages: readonly Passage[],
  candidates: readonly Candidate[],
): Features[] {
  const sets = candidates.map(({ words }) => new Set(words.map(({ term }) => term)));
  const idf = inverseFrequency(question, sets);
  const total = sum(question.content, idf);
  const share = (holds: (term: string) => boolean): number =>
    total === 0
      ? 0
      : sum(
          question.content.filter(({ term }) => holds(term)),
          idf,
        ) / total;

  const titles = passages.map(
    ({ title, headings }) => new Set(readWords([title, ...headings].join(" \n ")).map(({ term }) => term)),
  );
  const wholes = passages.map((_, i) => {
    const whole = new Set(titles[i]);
    candidates.forEach((candidate, c) => {
      if (candidate.passageIndex === i) for (const term of sets[c] ?? []) whole.add(term);
    });
    return whole;
  });
  const lengths = candidates.map(({ words }) => words.length);
  const average = lengths.reduce((a, b) => a + b, 0) / Math.max(1, lengths.length);
  const bm25 = candidates.map(({ words }, i) => {
    let score = 0;
    for (const { term } of question.content) {
      const tf = words.reduce((n, word) => n + (word.term === term ? 1 : 0), 0);
      const norm = K1 * (1 - B + (B * (lengths[i] ?? 0)) / Math.max(1, average));
      score += ((idf.get(term) ?? 0) * tf * (K1 + 1)) / (tf + norm);
    }
    return score;
  });
  const best = Math.max(...bm25, Number.MIN_VALUE);
  const exact = question.content.filter(isExact);
  const asked = new Set(question.words.map(({ term }) => term));

  return candidates.map((candidate, i) => {
    const own = sets[i] ?? new Set<string>();
    const around = [sets[i - 1], sets[i + 1]].filter(
      (_, side) => candidates[i + (side ? 1 : -1)]?.passageIndex === candidate.passageIndex,
    );
    const title = titles[candidate.passageIndex] ?? new Set<string>();
    const columns = new Set(readWords(candidate.columns).map(({ term }) => term));
    const near = (term: string): boolean =>
      own.has(term) || title.has(term) || columns.has(term) || around.some((set) => set?.has(term));
    const content = candidate.words.filter(({ stop }) => !stop);
    return {
      coverage: share((term) => own.has(term)),
      context: share(near),
      passage: share((term) => wholes[candidate.passageIndex]?.has(term) ?? false),
      bm25: (bm25[i] ?? 0) / best,
      pairs: pairShare(question, candidate.words),
      exact: exact.length === 0 ? 0 : exact.filter(({ term }) => own.has(term)).length / exact.length,
      fits: fits(question.asks, candidate, asked) ? 1 : 0,
      focus: content.length === 0 ? 0 : content.filter(({ term }) => asked.has(term)).length / content.length,
      rank: 1 / (candidate.passageIndex + 1),
      short: Math.max(0, 6 - content.length) / 6,
      heading: candidate.kind === "heading" ? 1 : 0,
      code: candidate.kind === "code" ? 1 : 0,
    };
  });
}

/** Names, numbers and identifiers: words that have no synonym. */
export function isExact(word: Word): boolean {
  return word.kind !== "word" || (word.capital && !word.first);
}

function inverseFrequency(question: Question, sets: readonly ReadonlySet<string>[]): Map<string, number> {
  const idf = new Map<string, number>();
  for (const { term } of question.content) {
    const df = sets.reduce((n, set) => n + (set.has(term) ? 1 : 0), 0);
    idf.set(term, Math.log(1 + (sets.length - df + 0.5) / (df + 0.5)));
  }
  return idf;
}

function sum(words: readonly Word[], idf: ReadonlyMap<string, number>): number {
  return words.reduce((total, { term }) => total + (idf.get(term) ?? 0), 0);
}

function pairShare(question: Question, words: readonly Word[]): number {
  const content = question.words.filter(({ stop }) => !stop);
  if (content.length < 2) return 0;
  const places = new Map<string, number[]>();
  words.forEach(({ term }, i) => {
    const list = places.get(term);
    if (list) list.push(i);
    else places.set(term, [i]);
  });
  let together = 0;
  for (let i = 1; i < content.length; i++) {
    const left = places.get(content[i - 1]?.term ?? "") ?? [];
    const right = places.get(content[i]?.term ?? "") ?? [];
    if (left.some((a) => right.some((b) => Math.abs(a - b) <= PAIR_WINDOW))) together++;
  }
  return together / (content.length - 1);
}

const MONEY = /[$€£¥]|\b(?:EUR|USD|GBP|CHF|dollars?|euros?|pounds?|cents?|francs?)\b/i;
const PERCENT = /%|\bper ?cent\b|\bpercentage\b/i;
const DURATION =
  /\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|daily|weekly|monthly|annually|yearly)\b/i;
const TIME =
  /\b(?:1[0-9]{3}|20[0-9]{2})\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|morning|noon|midnight|\d{1,2}:\d{2}|a\.m\.|p\.m\.)\b/i;
const REASON = /\b(?:because|since|due to|so that|in order to|reason|caused?|therefore|as a result)\b/i;

function fits(asks: AnswerType, candidate: Candidate, asked: ReadonlySet<string>): boolean {
  const { text, words } = candidate;
  const newNumber = () => words.some(({ kind, term }) => kind === "number" && !asked.has(term));
  const newName = () =>
    words.some(
      ({ kind, capital, first, stop, term }) =>
        kind === "word" && capital && !first && !stop && !asked.has(term),
    );
  switch (asks) {
    case "number":
      return newNumber();
    case "money":
      return newNumber() && MONEY.test(text);
    case "percent":
      return newNumber() && PERCENT.test(text);
    case "duration":
      return newNumber() || DURATION.test(text);
    case "time":
      return TIME.test(text);
    case "person":
    case "place":
      return (
        newName() ||
        words.some(({ capital, first, stop, term }) => capital && first && !stop && !asked.has(term))
      );
    case "reason":
      return REASON.test(text);
    default:
      return false;
  }
}
