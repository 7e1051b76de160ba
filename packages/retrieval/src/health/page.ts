import type { HealthFinding, HealthPlace, Metadata } from "@advisor/contracts";

/** A page as the checks see it. Its text is the stored one: that of an HTML page is the visible text. */
export interface Page {
  readonly documentId: string;
  readonly source: string;
  readonly uri: string;
  readonly title: string;
  readonly text: string;
  readonly roles: readonly string[];
  readonly metadata: Metadata;
}

/** A chunk of a page: `page.text.slice(start, end)`. */
export interface PageChunk {
  readonly documentId: string;
  readonly start: number;
  readonly end: number;
}

export type Finding = HealthFinding;

/** Longest quote in a finding, so that a page of one line does not fill the report. */
const MAX_QUOTE = 2000;

/** The page as a place; with a span, the words that stand there. A long span is cut, offsets and quote alike. */
export function placeIn(page: Page, span?: { readonly start: number; readonly end: number }): HealthPlace {
  const { documentId, source, uri } = page;
  if (!span) return { documentId, source, uri };
  const end = Math.min(span.end, span.start + MAX_QUOTE);
  return { documentId, source, uri, start: span.start, end, quote: page.text.slice(span.start, end) };
}

/** Whether offsets of the page are those of a Markdown file. */
export function isMarkdown({ uri }: Pick<Page, "uri">): boolean {
  return !/\.(?:x?html?|txt|text)$/i.test(uri);
}
