import type { Passage } from "@advisor/contracts";
import { splitSentences } from "@advisor/retrieval";
import { readWords, type Word } from "./words.ts";

/** What a sentence is in its page's layout, as far as its line tells. */
export type CandidateKind = "prose" | "item" | "row" | "heading" | "code";

/** A sentence of a passage that may stand as evidence. */
export interface Candidate {
  /** Position of its passage, from 0. */
  readonly passageIndex: number;
  /** UTF-16 offsets into the document's text: `document.text.slice(start, end) === text`. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: CandidateKind;
  /** The column names above a table row; empty otherwise. */
  readonly columns: string;
  readonly words: readonly Word[];
}

/** Sentences read from one passage. A passage is a chunk of a page, so more than this is a hostile one. */
const MAX_SENTENCES_PER_PASSAGE = 512;

/** Longest sentence that may stand as evidence. What is longer is no sentence but text without full stops. */
const MAX_SENTENCE_LENGTH = 2000;

/** The sentences of every passage, in order. */
export function readCandidates(passages: readonly Passage[]): Candidate[] {
  return passages.flatMap((passage, passageIndex) => readPassage(passage, passageIndex));
}

function readPassage(passage: Passage, passageIndex: number): Candidate[] {
  const { text } = passage;
  const fenced = fencedRanges(text);
  const candidates: Candidate[] = [];
  let columns: { readonly text: string; readonly end: number } | undefined;
  for (const { start, end } of splitSentences(text).slice(0, MAX_SENTENCES_PER_PASSAGE)) {
    if (end - start > MAX_SENTENCE_LENGTH) continue;
    const slice = text.slice(start, end);
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const lead = text.slice(lineStart, start);
    const kind = fenced.some((range) => start >= range.start && end <= range.end)
      ? "code"
      : kindOf(text, lead, start, end);
    if (kind === "heading" && isColumnRow(text, end)) {
      columns = { text: slice, end };
      continue;
    }
    if (kind === "row" && columns && /\n[ \t\r]*\n/.test(text.slice(columns.end, start))) columns = undefined;
    if (kind !== "row") columns = undefined;
    candidates.push({
      passageIndex,
      start: passage.start + start,
      end: passage.start + end,
      text: slice,
      kind,
      columns: kind === "row" ? (columns?.text ?? "") : "",
      words: readWords(slice),
    });
    if (kind === "row" && columns) columns = { text: columns.text, end };
  }
  return candidates;
}

function kindOf(text: string, lead: string, start: number, end: number): CandidateKind {
  if (/#{1,6}[ \t]+$/.test(lead) || isUnderlined(text, end) || isColumnRow(text, end)) return "heading";
  if (/\|[ \t]*$/.test(lead) || (text.slice(start, end).includes(" | ") && /^[ \t>]*$/.test(lead)))
    return "row";
  return /^[ \t>]*(?:[-*+•‣◦]|\d{1,9}[.)])[ \t]/.test(lead) ? "item" : "prose";
}

/** A table's header is the row right above the delimiter row; it names columns and states nothing. */
function isColumnRow(text: string, end: number): boolean {
  const next = lineAfter(text, end);
  return next.includes("-") && next.includes("|") && /^[ \t>|:-]+$/.test(next);
}

/** A setext heading: the line below is all `=` or `-`. */
function isUnderlined(text: string, end: number): boolean {
  return /^[ \t]*(?:={2,}|-{2,})[ \t]*$/.test(lineAfter(text, end));
}

function lineAfter(text: string, end: number): string {
  const lineEnd = text.indexOf("\n", end);
  if (lineEnd < 0) return "";
  const nextEnd = text.indexOf("\n", lineEnd + 1);
  return text.slice(lineEnd + 1, nextEnd < 0 ? text.length : nextEnd).replace(/\r$/, "");
}

function fencedRanges(text: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let open: { mark: string; start: number } | undefined;
  for (const match of text.matchAll(/^[ \t>]*(`{3,}|~{3,})[^\n]*$/gm)) {
    const mark = match[1] ?? "";
    if (!open) open = { mark, start: match.index };
    else if (mark.startsWith(open.mark)) {
      ranges.push({ start: open.start, end: match.index });
      open = undefined;
    }
  }
  if (open) ranges.push({ start: open.start, end: text.length });
  return ranges;
}
