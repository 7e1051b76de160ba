import type { Page } from "./page.ts";
import { parsePage } from "./parse-page.ts";
import { readValue, VALUE_PATTERN, type Value } from "./values.ts";
import { contentStem, QUALIFIERS } from "./words.ts";

/** A sentence with its values masked: what it is about, and what it says of it. */
export interface Statement {
  readonly start: number;
  readonly end: number;
  /** Distinct content stems, sorted, values left out. Names that are no value are among them. */
  readonly stems: readonly string[];
  /** In the order of the sentence. */
  readonly values: readonly Value[];
  /** Whether it speaks of something by its own name, so that it means the same on any page. */
  readonly named: boolean;
  /** Whether it begins with "the", "each" or "our", and so may mean the one that its page is about. */
  readonly definite: boolean;
  /** Headings above it, outermost first. */
  readonly headings: readonly string[];
}

/** Longer ones are lists or data. */
const MAX_STATEMENT_LENGTH = 500;
/** What these point at stands outside the sentence. */
const POINTING =
  /^(?:it|this|these|they|that|those|such|he|she|both|others?|another|here|there|then|the same|the former|the latter|its|their)\b/i;
/** A part of the page itself: a figure that is described, a step of what it shows. */
const PART_OF_PAGE =
  /^(?:in |on )?the (?:first|second|third|last|next|previous|following|above|left|right|upper|lower) (?:section|part|example|step|image|picture|figure|diagram|screenshot|column|row|line|table|list|panel|item|frame|box|block|slide)\b/i;
/** "All three objects": those that the page has spoken of. The pattern follows the masked form's number words. */
const COUNTED_BEFORE =
  /^all (?:of )?(?:the |these |those )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\b/i;
/** Numbers after these words tell which one, not how many. */
const NUMBERED =
  /^(?:version|level|tier|step|phase|stage|chapter|section|page|class|grade|band|zone|group|type|model|day|week|quarter|year|line|table|figure|no|nr|article|part|building|floor|room|issue|bug|ticket|request|rfc|pep|revision|release|build|see|edition|volume|lesson|exercise|question|method|case)$/i;
const IS = /^(?:is|are|was|were|be|been)$/i;
const LINK = /^(?:by|in|at|to|called|named)$/i;

/** The statements of a page that hold at least one value. Tables and code are left out: a cell means nothing without its row. */
export function statementsOf(page: Page): Statement[] {
  const statements: Statement[] = [];
  let path: { readonly depth: number; readonly title: string }[] = [];
  for (const block of parsePage(page).blocks) {
    if (block.kind === "heading") {
      path = [...path.filter(({ depth }) => depth < block.depth), block];
    } else if (block.kind === "prose") {
      const headings = path.map(({ title }) => title);
      for (const { start, end } of block.units) {
        if (end - start > MAX_STATEMENT_LENGTH) continue;
        const read = readStatement(page.text.slice(start, end));
        if (read) statements.push({ start, end, headings, ...read });
      }
    }
  }
  return statements;
}

interface Token {
  readonly text: string;
  readonly value?: Value;
  /** Whether the number is written as a name: `#12`, a note's `[2]`, a literal in quotes, `>= 4`, a version "or newer". */
  readonly isName?: boolean;
}

/** The masked form of one sentence; undefined when it states no value or points outside itself. */
export function readStatement(
  sentence: string,
): Pick<Statement, "stems" | "values" | "named" | "definite"> | undefined {
  const plain = sentence
    .replace(/^\s*(?:>\s*)*(?:[-*+]\s+|\d+[.)]\s+)?/, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|__|[`*]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "")
    .replace(/\s+/g, " ")
    .trim();
  if ([POINTING, PART_OF_PAGE, COUNTED_BEFORE].some((points) => points.test(plain)) || /[?:]$/.test(plain))
    return undefined;
  const tokens = tokenise(plain);
  const stems = new Set<string>();
  const values: Value[] = [];
  let named = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    const before = tokens[i - 1];
    if (token.value) {
      const tellsWhich =
        token.value.kind === "number" &&
        (token.isName || (before && !before.value && isMarker(before.text, token.text, i - 1)));
      if (!tellsWhich) {
        values.push(token.value);
        continue;
      }
      stems.add(token.text.toLowerCase());
      continue;
    }
    const length = nameLength(tokens, i);
    if (length > 0) {
      const words = tokens.slice(i, i + length).map(({ text }) => text);
      if (isPredicate(tokens, i, length, words)) {
        values.push({ kind: "name", text: words.join(" "), unit: "", amount: 0 });
        i += length - 1;
        continue;
      }
      named = true;
    }
    if (token.text === ",") continue;
    if (/^\p{L}.*\d/u.test(token.text)) named = true;
    const stem = contentStem(token.text);
    if (stem !== undefined) stems.add(stem);
  }
  if (values.length === 0) return undefined;
  return {
    stems: [...stems].sort(),
    values,
    named,
    definite: /^(?:the|each|every|our|your|a|an)\b/i.test(plain),
  };
}

function tokenise(plain: string): Token[] {
  const tokens: Token[] = [];
  const words = (from: number, to: number) => {
    for (const match of plain.slice(from, to).matchAll(/[\p{L}\p{N}_][\p{L}\p{M}\p{N}_'’-]*|[;(,]/gu))
      tokens.push({ text: match[0] });
  };
  let from = 0;
  for (const match of plain.matchAll(VALUE_PATTERN)) {
    words(from, match.index);
    const value = readValue(match);
    const end = match.index + match[0].length;
    const isName = isWrittenAsName(plain.slice(0, match.index), match[0], plain.slice(end));
    tokens.push(value ? { text: match[0], value, isName } : { text: match[0] });
    from = end;
  }
  words(from, plain.length);
  return tokens;
}

function isWrittenAsName(before: string, number: string, after: string): boolean {
  // A condition of a formula or of code says when, not how much.
  if (/(?:#|[<>=≤≥]=?)\s?$/.test(before)) return true;
  if (/\[$/.test(before) && /^\]/.test(after)) return true;
  if (/["“”'‘«]$/.test(before) && /^["“”'’»]/.test(after)) return true;
  return /\.\d/.test(number) && /^\+?\s+(?:or|and) (?:newer|later|higher|above|up)\b/i.test(after);
}

/** "Tarn 2", "Annex 4", "level 3": which one. At a sentence's beginning any word is capitalised; "Python 3.4" is a version. */
function isMarker(word: string, number: string, index: number): boolean {
  return NUMBERED.test(word) || (isCapitalised(word) && (index > 0 || /^\d+\.\d/.test(number)));
}

function isCapitalised(word: string): boolean {
  return /^\p{Lu}/u.test(word);
}

/** How many capitalised words begin here; at a sentence's beginning one alone is no name. */
function nameLength(tokens: readonly Token[], at: number): number {
  if (at > 0 && !tokens[at - 1]?.value && isCapitalised(tokens[at - 1]?.text ?? "") && at - 1 > 0) return 0;
  let length = 0;
  for (let i = at; i < tokens.length && length < 5; i++) {
    const { text, value } = tokens[i] as Token;
    if (value || !isCapitalised(text)) break;
    length++;
  }
  return at === 0 && length < 2 ? 0 : length;
}

/** Whether the name is what the sentence says ("is X", "approved by X", "X Y is the …") rather than what it is about. */
function isPredicate(
  tokens: readonly Token[],
  at: number,
  length: number,
  words: readonly string[],
): boolean {
  if (words.length === 1 && QUALIFIERS.has((words[0] as string).toLowerCase())) return false;
  const text = (index: number) => tokens[index]?.text ?? "";
  if (at === 0) return IS.test(text(length)) && /^the$/i.test(text(length + 1));
  const number = tokens[at + length]?.value;
  if (number?.kind === "number") return false;
  if (IS.test(text(at - 1))) return true;
  if (/^(?:by|ask|contact|named|called)$/i.test(text(at - 1))) return true;
  return LINK.test(text(at - 1)) && IS.test(text(at - 2));
}
