import type { Passage } from "@advisor/contracts";
import { type Candidate, readCandidates } from "./candidates.ts";
import { closeness, isLight } from "./closeness.ts";
import { contradicts } from "./contradiction.ts";
import { isName, isNegation, readStatement, type Statement } from "./statement.ts";
import { fold, readWords, type Word } from "./words.ts";

/** Least share of a claim's content that its source must hold, found on the labelled claims (see docs/grounding.md). */
const LEAST_COVERAGE = 0.6;
/** With less of a claim held, a second place that holds the rest of it makes it stitched. */
const ENOUGH_ALONE = 0.8;
/** How much less than the best place the cited one may hold and still be what the claim stands on. */
const OWN_MARGIN = 0.25;
/** Most sentences of a passage, in a row, that may carry one claim together. */
const WINDOW = 3;
/** Content words that a part of a claim needs to be traced to a place of its own. */
const LEAST_PART = 2;
/** Share of a part's content that its place must hold. */
const LEAST_PART_COVERAGE = 0.75;
/** Most sentences looked at closely for one claim: those that share most words with it. */
const MAX_CLOSE = 48;
/** Most sentences of all passages together. A prompt holds some hundreds. */
const MAX_SENTENCES = 8192;
/** Most words of a claim that are looked for; a longer one is no sentence. */
const MAX_CLAIM_WORDS = 256;

/** A run of sentences of one passage. Offsets refer to the document. */
export interface Place {
  readonly passageIndex: number;
  readonly start: number;
  readonly end: number;
}

/** What the sources say to a claim. */
export interface Support {
  /** Where the claim stands: the best place of each passage that carries about as much of it as any, best first. */
  readonly places: readonly Place[];
  /** Where no place does, but several that do not stand together do: the one that carries most. */
  readonly stitched?: Place;
}

interface Sentence extends Candidate {
  readonly statement: Statement;
  readonly terms: ReadonlySet<string>;
}

/** The passages, read once for all claims of an answer. */
export interface Sources {
  readonly sentences: readonly Sentence[];
  /** Terms that are names somewhere in them. */
  readonly names: ReadonlySet<string>;
  /** Sentences by term. */
  readonly index: ReadonlyMap<string, readonly number[]>;
  /** Terms of each passage's title and headings, which its sentences may leave unsaid. */
  readonly headings: readonly ReadonlySet<string>[];
  /** Of each passage: its words between spaces, and the sentence of each word by its place in that string. */
  readonly verbatim: readonly {
    readonly words: string;
    readonly from: readonly number[];
    readonly at: readonly number[];
  }[];
}

export function readSources(passages: readonly Passage[]): Sources {
  const candidates = readCandidates(passages).slice(0, MAX_SENTENCES);
  const names = new Set(
    candidates.flatMap(({ words }) => words.filter((word) => isName(word)).map(({ term }) => term)),
  );
  const sentences = candidates.map((candidate) => ({
    ...candidate,
    statement: readStatement(candidate.text, candidate.words, names),
    terms: new Set([...candidate.words, ...readWords(candidate.columns)].map(({ term }) => term)),
  }));
  const index = new Map<string, number[]>();
  for (const [i, { terms }] of sentences.entries()) {
    for (const term of terms) {
      const known = index.get(term);
      if (known) known.push(i);
      else index.set(term, [i]);
    }
  }
  return {
    sentences,
    names,
    index,
    headings: passages.map(
      ({ title, headings }) => new Set(readWords([title, ...headings].join(" \n ")).map(({ term }) => term)),
    ),
    verbatim: passages.map((_, p) => {
      let words = " ";
      const from: number[] = [];
      const at: number[] = [];
      for (const [i, sentence] of sentences.entries()) {
        if (sentence.passageIndex !== p) continue;
        for (const word of sentence.words) {
          from.push(i);
          at.push(words.length);
          words += `${literal(word)} `;
        }
      }
      return { words, from, at };
    }),
  };
}

/** Finds the places that carry a claim. */
export function findSupport(claim: string, sources: Sources): Support {
  const words = readWords(claim).slice(0, MAX_CLAIM_WORDS);
  const content = words.filter((word) => !word.stop && !isNegation(word));
  if (content.length === 0) return { places: [] };
  const statement = readStatement(claim, words, sources.names);
  const best = new Map<number, { place: Place; score: number }>();
  const offer = (place: Place, score: number): void => {
    const known = best.get(place.passageIndex);
    if (!known || score > known.score) best.set(place.passageIndex, { place, score });
  };
  for (const place of verbatimPlaces(words, sources)) offer(place, 2);
  const close = closeSentences(content, sources);
  for (const i of close) {
    const sentence = sources.sentences[i];
    if (!sentence) continue;
    const coverage = coverageOf(content, sentence, previousFor(sources, i), sources);
    if (coverage !== undefined && coverage >= LEAST_COVERAGE && !contradicts(statement, sentence.statement))
      offer(sentence, coverage);
  }
  const parts = findParts(claim, words, close, sources);
  if (parts && standTogether(parts, sources)) offer(spanOf(parts, sources), 1);
  const ranked = [...best.values()].sort(
    (a, b) => b.score - a.score || a.place.passageIndex - b.place.passageIndex,
  );
  const most = ranked[0]?.score ?? 0;
  if (parts && most < ENOUGH_ALONE) return { places: [], stitched: largestOf(parts, sources) };
  return {
    places: ranked
      .filter(({ score }) => score >= Math.min(1, most) - OWN_MARGIN)
      .map(({ place: { passageIndex, start, end } }) => ({ passageIndex, start, end })),
  };
}

/** Whole sentences that the claim repeats word for word, whatever their punctuation and markup. */
function verbatimPlaces(words: readonly Word[], sources: Sources): Place[] {
  const wanted = ` ${words.map(literal).join(" ")} `;
  return sources.verbatim.flatMap(({ words: text, from, at }) => {
    for (let found = text.indexOf(wanted); found >= 0; found = text.indexOf(wanted, found + 1)) {
      const first = wordAt(at, found + 1);
      const last = first + words.length - 1;
      const whole = from[first - 1] !== from[first] && from[last + 1] !== from[last];
      const start = sources.sentences[from[first] ?? -1];
      const end = sources.sentences[from[last] ?? -1];
      if (whole && start && end)
        return [{ passageIndex: start.passageIndex, start: start.start, end: end.end }];
    }
    return [];
  });
}

function wordAt(at: readonly number[], position: number): number {
  let low = 0;
  let high = at.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function literal({ kind, term, text }: Word): string {
  return kind === "number" ? term : fold(text);
}

/** The sentences that share most words with the claim, most first. */
function closeSentences(content: readonly Word[], sources: Sources): number[] {
  const shared = new Map<number, number>();
  for (const term of new Set(content.map((word) => word.term)))
    for (const i of sources.index.get(term) ?? []) shared.set(i, (shared.get(i) ?? 0) + 1);
  return [...shared]
    .sort(([i, a], [j, b]) => b - a || i - j)
    .slice(0, MAX_CLOSE)
    .map(([i]) => i);
}

const NO_TERMS: ReadonlySet<string> = new Set();
const REFERS_BACK = /^(?:he|she|it|they|this|that|these|those|his|her|its|their|here|there|both)\b/i;

/** The words of the sentence before, where this one says "it" of something there. */
function previousFor(sources: Sources, i: number): ReadonlySet<string> {
  const sentence = sources.sentences[i];
  const previous = sources.sentences[i - 1];
  const back =
    sentence && previous?.passageIndex === sentence.passageIndex && REFERS_BACK.test(sentence.text);
  return back ? previous.terms : NO_TERMS;
}

/**
 * Share of the claim's content that a sentence holds, its headings and what it refers back to counted in; undefined when
 * a number, name or identifier of the claim is in none of them.
 */
function coverageOf(
  content: readonly Word[],
  sentence: Sentence,
  previous: ReadonlySet<string>,
  sources: Sources,
): number | undefined {
  const headings = sources.headings[sentence.passageIndex] ?? NO_TERMS;
  let total = 0;
  let held = 0;
  let own = 0;
  for (const [i, word] of content.entries()) {
    const exact = word.kind !== "word" || isName(word);
    const here = sentence.terms.has(word.term);
    const near = here || headings.has(word.term) || previous.has(word.term);
    if (exact && !near) return undefined;
    const weight = exact ? 1.5 : isLight(word.term) ? 0.4 : i === 0 ? 2 : 1;
    const share = near ? 1 : closeness(word.term, sentence.terms);
    total += weight;
    held += weight * share;
    if (here) own++;
  }
  return own === 0 ? undefined : held / total;
}

/** A stretch of a claim's content words that one sentence holds. */
interface Part {
  readonly sentence: number;
  readonly size: number;
  /** The part ends where the claim has a conjunction or a mark, so it may be a statement of its own. */
  readonly ends: boolean;
}

/** Cuts a claim into two or three stretches, each held by a sentence; undefined when it cannot be cut so. */
function findParts(
  claim: string,
  words: readonly Word[],
  close: readonly number[],
  sources: Sources,
): Part[] | undefined {
  const content = words.filter((word) => !word.stop && !isNegation(word));
  const parts: Part[] = [];
  let from = 0;
  while (from < content.length) {
    let best: { sentence: number; to: number } | undefined;
    for (const i of close) {
      const to = reach(content, from, sources.sentences[i]?.terms ?? NO_TERMS);
      if (to - from >= LEAST_PART && (!best || to > best.to)) best = { sentence: i, to };
    }
    if (!best || parts.length === WINDOW) return undefined;
    parts.push({
      sentence: best.sentence,
      size: best.to - from,
      ends: breaksAfter(claim, words, content, best.to),
    });
    from = best.to;
  }
  return parts.length > 1 ? parts : undefined;
}

/** How far, from `from` on, the terms hold enough of the claim, ending with a word they hold. */
function reach(content: readonly Word[], from: number, terms: ReadonlySet<string>): number {
  let held = 0;
  let to = from;
  for (let i = from; i < content.length; i++) {
    const word = content[i];
    if (!word) break;
    if (terms.has(word.term)) {
      held++;
      if (held / (i - from + 1) >= LEAST_PART_COVERAGE) to = i + 1;
    } else if (word.kind !== "word" || isName(word)) break;
  }
  // Words after the last one held that no other part may claim, at the end of the claim.
  return content.length - to === 1 && held > LEAST_PART && content[to]?.kind === "word" ? content.length : to;
}

function breaksAfter(claim: string, words: readonly Word[], content: readonly Word[], to: number): boolean {
  const last = content[to - 1];
  const next = content[to];
  if (!last || !next) return true;
  return (
    /[,;:.—–]|\b(?:and|but|while|whereas|or|then)\b/i.test(claim.slice(last.end, next.start)) &&
    words.length > 0
  );
}

function standTogether(parts: readonly Part[], sources: Sources): boolean {
  if (!parts.every(({ ends }) => ends)) return false;
  const places = parts.map(({ sentence }) => sentence);
  const passages = new Set(places.map((i) => sources.sentences[i]?.passageIndex));
  return passages.size === 1 && Math.max(...places) - Math.min(...places) < WINDOW;
}

function largestOf(parts: readonly Part[], sources: Sources): Place {
  return spanOf([parts.reduce((a, b) => (b.size > a.size ? b : a))], sources);
}

function spanOf(parts: readonly Part[], sources: Sources): Place {
  const places = parts.flatMap(({ sentence }) => sources.sentences[sentence] ?? []);
  return {
    passageIndex: places[0]?.passageIndex ?? 0,
    start: Math.min(...places.map(({ start }) => start)),
    end: Math.max(...places.map(({ end }) => end)),
  };
}
