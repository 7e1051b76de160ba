import { type Citation, type Passage, placeWithin } from "@advisor/contracts";
import { readMarks } from "./marks.ts";
import { findSupport, type Place, readSources, type Support } from "./support.ts";

export interface CitationRequest {
  /** The answer as written. */
  readonly text: string;
  /** As numbered in the prompt: number `n` is `passages[n - 1]`. */
  readonly passages: readonly Passage[];
}

/**
 * Finds the `[n]` marks of an answer and checks the statement before each one against the passages of the prompt.
 *
 * Each mark yields one citation, in the order of the text; `[1, 2]` and `[1][2]` yield two for the same statement. The
 * quote is the sentence, or run of sentences, that carries the statement. Where another passage than the cited one says
 * it (`misattributed`), passage and quote are that one's; where no place does (`fabricated`), the passage is the cited
 * one and there is no quote; a number that names no passage is fabricated without one.
 */
export function checkCitations({ text, passages }: CitationRequest): Citation[] {
  const marks = readMarks(text);
  if (marks.length === 0) return [];
  const sources = readSources(passages);
  const supports = new Map<string, Support>();
  return marks.flatMap(({ numbers, claim }) => {
    const support = supports.get(claim) ?? findSupport(claim, sources);
    supports.set(claim, support);
    return numbers.map((n) => judge(claim, n, support, passages));
  });
}

function judge(
  claim: string,
  n: number,
  { places, stitched }: Support,
  passages: readonly Passage[],
): Citation {
  const cited = passages[n - 1];
  if (!cited) return { n, claim, quote: "", verdict: "fabricated" };
  const own = places.find(({ passageIndex }) => passageIndex === n - 1);
  if (own) return { n, claim, ...quoteFrom(own, passages), verdict: "verified" };
  if (places[0]) return { n, claim, ...quoteFrom(places[0], passages), verdict: "misattributed" };
  if (stitched) return { n, claim, ...quoteFrom(stitched, passages), verdict: "stitched" };
  return { n, claim, ...origin(cited), quote: "", verdict: "fabricated" };
}

function quoteFrom({ passageIndex, start, end }: Place, passages: readonly Passage[]) {
  const passage = passages[passageIndex];
  if (!passage) throw new RangeError(`no passage ${passageIndex + 1}`);
  return {
    ...origin(passage, start, end),
    quote: passage.text.slice(start - passage.start, end - passage.start),
    start,
    end,
  };
}

/** Where a citation points: the passage or a stretch of it, by offsets, and the version of its document that was read. */
export function origin(passage: Passage, start = passage.start, end = passage.end) {
  const { id, documentId, uri, title, version, validFrom, validTo } = passage;
  const place = placeWithin(passage, start, end);
  return {
    passageId: id,
    documentId,
    uri,
    title,
    version,
    ...(validFrom !== undefined && { validFrom }),
    ...(validTo !== undefined && { validTo }),
    ...(place && { place }),
  };
}
