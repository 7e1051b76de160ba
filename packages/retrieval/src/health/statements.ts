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
/** Numbers after these words tell which one, not how many. */
const NUMBERED =
  /^(?:version|level|tier|step|phase|stage|chapter|section|page|class|grade|band|zone|group|type|model|day|week|quarter|year|line|table|figure|no|nr|article|part|building|floor|room)$/i;
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
}

/** The masked form of one sentence; undefined when it states no value or points outside itself. */
export function readStatement(
  sentence: string,
): Pick<Statement, "stems" | "values" | "named" | "definite"> | undefined {
  const plain = sentence
    .replace(/^\s*(?:>\s*)*(?:[-*+]\s+|\d+[.)]\s+)?/, "")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|__|[`*]/g, "")
    .replace(/\s+/g, " ")
    .trim();
  if (POINTING.test(plain) || /[?:]$/.test(plain)) return undefined;
  const tokens = tokenise(plain);
  const stems = new Set<string>();
  const values: Value[] = [];
  let named = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    const before = tokens[i - 1];
    if (token.value) {
      const tellsWhich =
        token.value.kind === "number" && before && !before.value && isMarker(before.text, i - 1);
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
    if (/\d/.test(token.text)) named = true;
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
    for (const match of plain.slice(from, to).matchAll(/[\p{L}\p{N}_][\p{L}\p{M}\p{N}_'’-]*|[;(]/gu))
      tokens.push({ text: match[0] });
  };
  let from = 0;
  for (const match of plain.matchAll(VALUE_PATTERN)) {
    words(from, match.index);
    const value = readValue(match);
    tokens.push(value ? { text: match[0], value } : { text: match[0] });
    from = match.index + match[0].length;
  }
  words(from, plain.length);
  return tokens;
}

/** "Tarn 2", "Annex 4", "level 3": which one. */
function isMarker(word: string, index: number): boolean {
  return NUMBERED.test(word) || (index > 0 && isCapitalised(word));
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
