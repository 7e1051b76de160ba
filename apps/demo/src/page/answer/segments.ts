import type { CitationView } from "../../shared/wire.ts";

/** A piece of an answer: the model's own words, words that stand so in a source, or a `[n]` with its citation. */
export type Segment =
  | { readonly kind: "own" | "quote"; readonly text: string }
  | { readonly kind: "mark"; readonly n: number; readonly citation: CitationView };

interface Span {
  readonly start: number;
  readonly end: number;
}

const MARK = /\[(\d{1,3})\]/g;

/**
 * Cuts an answer where its words stop being the model's own. Only a citation's quote, found word for word, counts as a
 * source's; a `[n]` inside a quote is the source's, not the answer's. Put together again, the pieces are the text.
 */
export function segments(text: string, citations: readonly CitationView[]): Segment[] {
  const quotes = quoteSpans(text, citations);
  const unused = new Set(citations);
  const result: Segment[] = [];
  let position = 0;

  const own = (end: number) => {
    const from = position;
    for (const match of text.slice(from, end).matchAll(MARK)) {
      const citation = citationOf(Number(match[1]), unused, citations);
      // Without one it is only a number in brackets, as a model without sources may write it.
      if (!citation) continue;
      const at = from + match.index;
      push(result, "own", text.slice(position, at));
      result.push({ kind: "mark", n: citation.n, citation });
      position = at + match[0].length;
    }
    push(result, "own", text.slice(position, end));
    position = end;
  };

  for (const span of quotes) {
    own(span.start);
    push(result, "quote", text.slice(span.start, span.end));
    position = span.end;
  }
  own(text.length);
  return result;
}

function push(result: Segment[], kind: "own" | "quote", text: string): void {
  if (text) result.push({ kind, text });
}

/** Each mark has its own citation, in order; when they run out, the number decides. */
function citationOf(
  n: number,
  unused: Set<CitationView>,
  citations: readonly CitationView[],
): CitationView | undefined {
  const citation = [...unused].find((one) => one.n === n) ?? citations.find((one) => one.n === n);
  if (citation) unused.delete(citation);
  return citation;
}

/** Where the quotes stand in the text, from left to right, overlaps joined. */
function quoteSpans(text: string, citations: readonly CitationView[]): Span[] {
  const found: Span[] = [];
  for (const quote of new Set(citations.map((citation) => citation.quote).filter(Boolean))) {
    for (let start = text.indexOf(quote); start >= 0; start = text.indexOf(quote, start + quote.length)) {
      found.push({ start, end: start + quote.length });
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const joined: Span[] = [];
  for (const span of found) {
    const last = joined.at(-1);
    if (last && span.start < last.end) {
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else {
      joined.push(span);
    }
  }
  return joined;
}
