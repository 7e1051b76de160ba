import type { Citation, Passage } from "@advisor/contracts";
import { type Candidate, readCandidates } from "./candidates.ts";
import { readWords, type Word } from "./words.ts";

/** Least share of a claim's content words that its source must hold. */
const LEAST_COVERAGE = 0.6;
/** Most sentences in a row that may carry one claim. */
const WINDOW = 3;
/** Least content words that a place must add to a claim for it to count as stitched from there. */
const LEAST_PIECE = 2;

export interface Sources {
  readonly passages: readonly Passage[];
  readonly sentences: readonly Candidate[];
  /** Words of each passage's title and headings, which its sentences may leave unsaid. */
  readonly headings: readonly ReadonlySet<string>[];
}

export function readSources(passages: readonly Passage[]): Sources {
  return {
    passages,
    sentences: readCandidates(passages),
    headings: passages.map(
      ({ title, headings }) => new Set(readWords([title, ...headings].join(" \n ")).map(({ term }) => term)),
    ),
  };
}

/** A run of sentences of one passage that carries a claim. */
interface Support {
  readonly passageIndex: number;
  readonly start: number;
  readonly end: number;
  readonly coverage: number;
}

/** The citation of a claim by number `n`, with its verdict. */
export function resolveClaim(
  claim: string,
  n: number,
  _numbers: readonly number[],
  sources: Sources,
): Citation {
  const cited = sources.passages[n - 1];
  if (!cited) return { n, claim, quote: "", verdict: "fabricated" };
  const words = readWords(claim);
  const supports = findSupports(words, sources);
  const own = supports.find(({ passageIndex }) => passageIndex === n - 1);
  if (own) return cite(claim, n, "verified", own, sources);
  if (supports[0]) return cite(claim, n, "misattributed", supports[0], sources);
  const stitched = findStitch(words, sources);
  if (stitched) return cite(claim, n, "stitched", stitched, sources);
  return { n, claim, ...origin(cited), quote: "", verdict: "fabricated" };
}

function cite(
  claim: string,
  n: number,
  verdict: Citation["verdict"],
  support: Support,
  sources: Sources,
): Citation {
  const passage = sources.passages[support.passageIndex];
  if (!passage) return { n, claim, quote: "", verdict: "fabricated" };
  const { start, end } = support;
  const quote = passage.text.slice(start - passage.start, end - passage.start);
  return { n, claim, ...origin(passage), quote, start, end, verdict };
}

function origin(passage: Passage) {
  const { id, documentId, uri, title, version } = passage;
  return { passageId: id, documentId, uri, title, version };
}

/** The places that carry the whole claim, best first. */
function findSupports(words: readonly Word[], sources: Sources): Support[] {
  const content = words.filter(({ stop }) => !stop);
  if (content.length === 0) return [];
  const found: Support[] = [];
  sources.sentences.forEach((first, i) => {
    const span: Word[] = [];
    for (let length = 0; length < WINDOW; length++) {
      const sentence = sources.sentences[i + length];
      if (!sentence || sentence.passageIndex !== first.passageIndex) break;
      span.push(...sentence.words);
      const terms = new Set(span.map(({ term }) => term));
      const headings = sources.headings[first.passageIndex] ?? new Set();
      const holds = ({ term }: Word) => terms.has(term) || headings.has(term);
      const coverage = content.filter(holds).length / content.length;
      if (coverage < LEAST_COVERAGE) continue;
      if (!content.filter(({ kind }) => kind !== "word").every(holds)) continue;
      found.push({
        passageIndex: first.passageIndex,
        start: first.start,
        end: sentence.end,
        coverage: coverage - length * 0.01,
      });
    }
  });
  return found.sort((a, b) => b.coverage - a.coverage);
}

function findStitch(words: readonly Word[], sources: Sources): Support | undefined {
  const content = words.filter(({ stop }) => !stop);
  const left = new Set(content.map(({ term }) => term));
  const all = left.size;
  let best: Support | undefined;
  let pieces = 0;
  for (;;) {
    let most = 0;
    let place: Candidate | undefined;
    for (const sentence of sources.sentences) {
      const adds = new Set(sentence.words.filter(({ term }) => left.has(term)).map(({ term }) => term)).size;
      if (adds > most) {
        most = adds;
        place = sentence;
      }
    }
    if (!place || most < LEAST_PIECE) break;
    pieces++;
    best ??= { passageIndex: place.passageIndex, start: place.start, end: place.end, coverage: most / all };
    for (const { term } of place.words) left.delete(term);
  }
  return pieces >= 2 && 1 - left.size / all >= LEAST_COVERAGE ? best : undefined;
}
