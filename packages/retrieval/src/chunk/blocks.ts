import type { PassagePlace } from "@advisor/contracts";
import { splitSentences } from "./sentences.ts";

/** A place in a document's text, in UTF-16 units: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What an extractor found in a document, in order. `units` are the smallest pieces that a chunk may begin or end with:
 * sentences of prose, rows of a table, lines of code. No chunk spans a `break`, such as a comment, nor a `place`, which says
 * where in the file all that follows stands.
 */
export type Block =
  | {
      readonly kind: "heading";
      readonly depth: number;
      readonly title: string;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "prose" | "table" | "code"; readonly units: readonly Span[] }
  | { readonly kind: "place"; readonly place: PassagePlace }
  | { readonly kind: "break" };

/** Prose in `[start, end)` as a block whose units are its sentences; the first reaches back and the last on to its ends. */
export function proseBlock(text: string, start: number, end: number): Block | undefined {
  const whole = trimSpan(text, start, end);
  if (!whole) return undefined;
  const sentences = splitSentences(text.slice(whole.start, whole.end)).map((span) => ({
    start: span.start + whole.start,
    end: span.end + whole.start,
  }));
  if (sentences.length === 0) return { kind: "prose", units: [whole] };
  const last = sentences.length - 1;
  const units = sentences.map((span, index) => ({
    start: index === 0 ? whole.start : span.start,
    end: index === last ? whole.end : span.end,
  }));
  return { kind: "prose", units };
}

/** Lines in `[start, end)` as a block of code or of table rows. */
export function lineBlock(
  kind: "table" | "code",
  text: string,
  start: number,
  end: number,
): Block | undefined {
  const units: Span[] = [];
  let from = start;
  while (from < end) {
    const newline = text.indexOf("\n", from);
    const to = newline < 0 || newline >= end ? end : newline;
    const line = trimEnd(text, from, to);
    if (line) units.push(line);
    from = to + 1;
  }
  return units.length > 0 ? { kind, units } : undefined;
}

/** The span without white space at its ends; undefined when nothing else is there. */
export function trimSpan(text: string, start: number, end: number): Span | undefined {
  let from = start;
  while (from < end && isSpace(text, from)) from++;
  return trimEnd(text, from, end);
}

function trimEnd(text: string, start: number, end: number): Span | undefined {
  let to = end;
  while (to > start && isSpace(text, to - 1)) to--;
  return to > start ? { start, end: to } : undefined;
}

function isSpace(text: string, index: number): boolean {
  return text.charAt(index).trim() === "";
}
