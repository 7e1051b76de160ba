import { type Line, readLines } from "./lines.ts";
import { isSentenceEnd } from "./sentence-end.ts";

/** A sentence's place in a text, in UTF-16 units: `text.slice(start, end)`. */
export interface SentenceSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Splits Markdown or plain text into sentences, by rule, in linear time.
 *
 * Spans are in order, do not overlap, are never empty and neither begin nor end with white space. Headings, list items,
 * table rows and lines of fenced code are units of their own, without their markers (`#`, `-`, `1.`, `>`, outer `|`);
 * fences, rules and a table's delimiter row are in no span. A line break inside a paragraph does not end a sentence, so a
 * span may hold one. Abbreviations, initials and decimal numbers do not end a sentence.
 */
export function splitSentences(text: string): SentenceSpan[] {
  const spans: SentenceSpan[] = [];
  let open: { start: number; end: number; list: boolean } | undefined;
  let fence: { mark: string; length: number } | undefined;
  let inTable = false;
  let hardBreak = false;

  const flush = () => {
    if (open) splitSegment(text, open.start, open.end, spans);
    open = undefined;
    hardBreak = false;
  };
  const unit = (start: number, end: number) => pushTrimmed(text, start, end, spans);

  for (const line of readLines(text, () => ({
    insideParagraph: open !== undefined,
    insideList: !!open?.list,
  }))) {
    if (fence) {
      if (
        line.fence &&
        line.fence.mark === fence.mark &&
        line.fence.length >= fence.length &&
        line.fence.bare
      ) {
        fence = undefined;
      } else unit(line.start, line.end);
      continue;
    }
    if (line.kind === "blank") {
      flush();
      inTable = false;
      continue;
    }
    if (line.fence) {
      flush();
      fence = line.fence;
      continue;
    }
    if (line.kind === "rule") {
      flush();
      continue;
    }
    if (line.kind === "delimiter") {
      flush();
      inTable = true;
      continue;
    }
    if (line.kind === "heading") {
      flush();
      unit(line.contentStart, line.contentEnd);
      continue;
    }
    if (line.kind === "row" || (inTable && text.slice(line.contentStart, line.contentEnd).includes("|"))) {
      flush();
      unit(line.contentStart, line.contentEnd);
      continue;
    }
    inTable = false;
    if (line.kind === "item" || (hardBreak && !startsLowerCase(text, line))) flush();
    if (open) open.end = line.contentEnd;
    else open = { start: line.contentStart, end: line.contentEnd, list: line.kind === "item" };
    hardBreak = line.hardBreak;
  }
  flush();
  return spans;
}

function startsLowerCase(text: string, line: Line): boolean {
  return /^\p{Ll}/u.test(text.slice(line.contentStart, line.contentStart + 2));
}

/** Splits one paragraph or list item at its sentence ends. */
function splitSegment(text: string, from: number, to: number, spans: SentenceSpan[]): void {
  let start = from;
  for (let i = from; i < to; i++) {
    const end = isSentenceEnd(text, i, from, to);
    if (end === undefined) continue;
    if (end.ends) {
      pushTrimmed(text, start, end.after, spans);
      start = end.after;
    }
    i = end.after - 1;
  }
  pushTrimmed(text, start, to, spans);
}

function pushTrimmed(text: string, from: number, to: number, spans: SentenceSpan[]): void {
  let start = from;
  let end = to;
  while (start < end && isSpace(text, start)) start++;
  while (end > start && isSpace(text, end - 1)) end--;
  if (end > start) spans.push({ start, end });
}

function isSpace(text: string, index: number): boolean {
  return text.charAt(index).trim() === "";
}
