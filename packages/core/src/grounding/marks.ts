import { splitSentences } from "@advisor/retrieval";
import { readWords } from "./words.ts";

/** Citation marks that stand together behind one statement: `[1]`, `[1, 2]` or `[1][2]`. */
export interface Mark {
  /** The numbers, as written, each once. */
  readonly numbers: readonly number[];
  /** The statement, without marks, trimmed. */
  readonly claim: string;
}

/** Longest answer that is checked; what lies beyond is not read. No model writes as much in one answer. */
const MAX_ANSWER_LENGTH = 128 * 1024;
/** Most marks read from one answer, so that a page of `[1][1][1]` costs no more than a long answer. */
const MAX_MARKS = 512;
/** Content words that a piece of a sentence needs to be a statement; with fewer, as in `By [1], ...`, it is the whole one. */
const LEAST_CONTENT = 2;

// Up to six digits: no prompt has a million sources. Few spaces at most, or a page of spaces would take quadratic time.
const MARK = /[ \t]{0,4}\[[ \t]{0,4}(\d{1,6}(?:[ \t]{0,4}[,;][ \t]{0,4}\d{1,6}){0,31})[ \t]{0,4}\](?!\()/g;

interface Place {
  start: number;
  end: number;
  readonly numbers: number[];
}

/** The marks of an answer in order, with the statement each stands behind. */
export function readMarks(answer: string): Mark[] {
  const text = answer.slice(0, MAX_ANSWER_LENGTH);
  const places = readPlaces(text);
  const sentences = splitSentences(text);
  const taken = new Set<number>();
  let s = 0;
  return places.map((place, p) => {
    const at = text.slice(place.start).search(/\[/) + place.start;
    while (s + 1 < sentences.length && (sentences[s + 1]?.start ?? 0) <= at) s++;
    const sentence = sentences[s] ?? { start: 0, end: text.length };
    const opens = withoutMarks(text.slice(sentence.start, place.start)) === "";
    // "It costs 5. [1] Next": the mark opens the next sentence by its place, and belongs to the one before.
    if (opens && s > 0 && !taken.has(s - 1)) {
      const before = sentences[s - 1];
      if (before && !/\n[ \t\r]*\n/.test(text.slice(before.end, place.start))) {
        taken.add(s - 1);
        const from = Math.max(before.start, places[p - 1]?.end ?? 0);
        const claim = withoutMarks(text.slice(from, before.end));
        return { numbers: place.numbers, claim: claim || withoutMarks(text.slice(before.start, before.end)) };
      }
    }
    const previous = places[p - 1]?.end ?? 0;
    const piece = withoutMarks(text.slice(Math.max(sentence.start, previous), place.start));
    if (hasContent(piece)) {
      if (withoutMarks(text.slice(place.end, sentence.end)).replace(/[^\p{L}\p{N}]+/gu, "") === "")
        taken.add(s);
      return { numbers: place.numbers, claim: piece };
    }
    taken.add(s);
    return { numbers: place.numbers, claim: withoutMarks(text.slice(sentence.start, sentence.end)) };
  });
}

function readPlaces(text: string): Place[] {
  const code = [...text.matchAll(/`[^`\n]*`/g)].map((m) => ({ start: m.index, end: m.index + m[0].length }));
  const places: Place[] = [];
  let c = 0;
  let read = 0;
  for (const match of text.matchAll(MARK)) {
    if (++read > MAX_MARKS) break;
    const start = match.index;
    const end = start + match[0].length;
    while (c < code.length && (code[c]?.end ?? 0) <= start) c++;
    const span = code[c];
    if (span && start >= span.start && end <= span.end) continue;
    const numbers = (match[1] ?? "").split(/[,;]/).map(Number);
    const last = places.at(-1);
    if (last && last.end === start) {
      last.end = end;
      for (const n of numbers) if (!last.numbers.includes(n)) last.numbers.push(n);
    } else places.push({ start, end, numbers: [...new Set(numbers)] });
  }
  return places;
}

function withoutMarks(text: string): string {
  return text
    .replace(MARK, "")
    .replace(/^[\s,;.:)\]]+/, "")
    .trim();
}

function hasContent(text: string): boolean {
  return readWords(text).filter(({ stop }) => !stop).length >= LEAST_CONTENT;
}
