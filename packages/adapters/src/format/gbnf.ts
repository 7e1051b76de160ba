import { BadInputError } from "@advisor/contracts";
import { findLeftRecursion, type Item, type Rule } from "./left-recursion.ts";

/** A grammar longer than this is data, not a grammar: a quoted answer over four passages takes about 10 KiB. */
export const MAX_GRAMMAR_LENGTH = 1024 * 1024;
/** Groups inside groups. llama.cpp parses them by recursion on the native stack. */
const MAX_GROUP_DEPTH = 128;
/** llama.cpp refuses more repetitions of one element (`MAX_REPETITION_THRESHOLD`). */
const MAX_REPETITIONS = 2000;
/** Elements after llama.cpp has written out `{m,n}` as copies, which multiply when groups nest. */
const MAX_ELEMENTS = 2_000_000;
/** Rules and groups together. A grammar with more takes seconds to follow, at each token. */
const MAX_RULES = 10_000;

const WORD = /[a-zA-Z0-9-]/;
const ESCAPES = new Set([...'trn\\"[]-']);

/**
 * Checks a GBNF grammar as llama.cpp's parser would, before that one sees it: there a repetition `{3,2}` runs for
 * ever, deep nesting overflows the stack, and mistakes are printed to the console.
 * @throws BadInputError `invalid_request` with the line and what is wrong there.
 */
export function checkGbnf(grammar: string): void {
  new GbnfChecker(grammar).check();
}

class GbnfChecker {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #elements = 0;
  readonly #rules = new Map<string, Rule>();
  readonly #groups: Rule[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  check(): void {
    if (this.#text.length > MAX_GRAMMAR_LENGTH)
      this.#fail(`it is longer than ${MAX_GRAMMAR_LENGTH} characters`);
    if (this.#text.includes("\0")) this.#fail("it holds a NUL character");
    this.#space(true);
    while (this.#peek() !== "") this.#rule();
    for (const rule of this.#rules.values()) {
      if (!rule.alternatives) this.#fail(`the rule ${rule.name} is used and not defined`);
    }
    if (!this.#rules.has("root")) this.#fail("it has no rule named root");
    const found = findLeftRecursion([...this.#rules.values(), ...this.#groups]);
    if (found) this.#fail(found);
  }

  #fail(reason: string): never {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    throw new BadInputError({
      code: "invalid_request",
      subject: `GBNF grammar, line ${line}`,
      reason,
      nextStep: "Correct the grammar and call again",
    });
  }

  #peek(offset = 0): string {
    return this.#text[this.#at + offset] ?? "";
  }

  #space(lineBreaks: boolean): void {
    for (;;) {
      const character = this.#peek();
      if (character === "#") {
        while (!["", "\r", "\n"].includes(this.#peek())) this.#at++;
      } else if (character === " " || character === "\t" || (lineBreaks && /[\r\n]/.test(character))) {
        this.#at++;
      } else {
        return;
      }
    }
  }

  #named(name: string): Rule {
    let rule = this.#rules.get(name);
    if (!rule) {
      rule = { name, alternatives: undefined };
      this.#rules.set(name, rule);
      this.#countRules();
    }
    return rule;
  }

  #countRules(): void {
    if (this.#rules.size + this.#groups.length > MAX_RULES) {
      this.#fail(`it has more than ${MAX_RULES} rules and groups`);
    }
  }

  #name(): string {
    const start = this.#at;
    while (WORD.test(this.#peek())) this.#at++;
    if (this.#at === start) this.#fail(`a rule's name is expected, not ${JSON.stringify(this.#peek())}`);
    return this.#text.slice(start, this.#at);
  }

  #rule(): void {
    const rule = this.#named(this.#name());
    this.#space(false);
    if (!this.#text.startsWith("::=", this.#at)) this.#fail("::= is expected after the rule's name");
    if (rule.alternatives) this.#fail(`the rule ${rule.name} is defined twice`);
    this.#at += 3;
    this.#space(true);
    rule.alternatives = this.#alternatives(false).alternatives;
    if (this.#peek() !== "" && !/[\r\n]/.test(this.#peek())) {
      this.#fail(`unexpected ${JSON.stringify(this.#peek())}`);
    }
    this.#space(true);
  }

  #alternatives(nested: boolean): { alternatives: Item[][]; size: number } {
    const alternatives: Item[][] = [];
    let size = 0;
    for (;;) {
      const sequence = this.#sequence(nested);
      alternatives.push(sequence.items);
      size += sequence.size + 1;
      if (this.#peek() !== "|") return { alternatives, size };
      this.#at++;
      this.#space(true);
    }
  }

  /** Items in order, and how many elements llama.cpp makes of them. */
  #sequence(nested: boolean): { items: Item[]; size: number } {
    const items: Item[] = [];
    let size = 0;
    let last: { readonly start: number; readonly size: number } | undefined;
    for (;;) {
      const character = this.#peek();
      const start = items.length;
      let added = 1;
      if (character === '"') added = this.#literal(items);
      else if (character === "[") added = this.#characterClass(items);
      else if (character === "<" || character === "!") this.#token(items);
      else if (character === ".") {
        this.#at++;
        items.push({ type: "terminal" });
      } else if (character === "(") added = this.#group(items);
      else if (character !== "" && WORD.test(character)) {
        items.push({ type: "reference", rule: this.#named(this.#name()) });
      } else if (["*", "+", "?", "{"].includes(character)) {
        if (!last || last.size === 0) this.#fail(`${character} has nothing before it to repeat`);
        const { least, most, copies } = this.#repetition();
        this.#count(last.size * copies);
        size += last.size * copies;
        this.#repeat(items, last.start, least, most);
        // One repetition may follow another: it repeats what was made.
        last = { start: last.start, size: most === 0 ? 0 : last.size * copies };
        this.#space(nested);
        continue;
      } else return { items, size };
      this.#count(added);
      size += added;
      last = { start, size: added };
      this.#space(nested);
    }
  }

  #count(elements: number): void {
    this.#elements += elements;
    if (this.#elements > MAX_ELEMENTS)
      this.#fail("its repetitions multiply to more than a sampler can follow");
  }

  /** Rewrites the items from `start` as llama.cpp does: `S*` to a rule `R ::= S R |`, `S?` to `R ::= S |`. */
  #repeat(items: Item[], start: number, least: number, most: number): void {
    const repeated = least === 0 ? items.splice(start) : items.slice(start);
    if (most === 0 || most === least) return;
    const rule: Rule = { name: "", alternatives: undefined };
    const again: Item[] = most === Number.POSITIVE_INFINITY ? [{ type: "reference", rule }] : [];
    rule.alternatives = [[...repeated, ...again], []];
    this.#groups.push(rule);
    this.#countRules();
    items.push({ type: "reference", rule });
  }

  #character(): void {
    const character = this.#peek();
    if (character === "") this.#fail("it ends inside a text or character class");
    if (character !== "\\") {
      this.#at += (this.#text.codePointAt(this.#at) as number) > 0xffff ? 2 : 1;
      return;
    }
    const letter = this.#peek(1);
    const digits = { x: 2, u: 4, U: 8 }[letter];
    if (digits === undefined) {
      if (!ESCAPES.has(letter)) this.#fail(`the escape \\${letter} is unknown`);
      this.#at += 2;
      return;
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 2 + digits);
    if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex)) {
      this.#fail(`\\${letter} needs ${digits} hexadecimal digits`);
    }
    if (Number.parseInt(hex, 16) > 0x10ffff) this.#fail(`\\${letter}${hex} is no character`);
    this.#at += 2 + digits;
  }

  #literal(items: Item[]): number {
    this.#at++;
    let size = 0;
    while (this.#peek() !== '"') {
      this.#character();
      size++;
    }
    this.#at++;
    if (size > 0) items.push({ type: "terminal" });
    return size;
  }

  #characterClass(items: Item[]): number {
    this.#at++;
    if (this.#peek() === "^") this.#at++;
    let size = 0;
    while (this.#peek() !== "]") {
      this.#character();
      size++;
      if (this.#peek() === "-" && this.#peek(1) !== "]") {
        this.#at++;
        this.#character();
        size++;
      }
    }
    this.#at++;
    if (size === 0) this.#fail("a character class is empty");
    items.push({ type: "terminal" });
    return size;
  }

  /** `<[123]>`, or its opposite `!<[123]>`. Names such as `<think>` need a vocabulary, which is not at hand there. */
  #token(items: Item[]): void {
    const match = /^!?<\[\d{1,9}\]>/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (!match) this.#fail("a token is written <[id]>");
    this.#at += match[0].length;
    items.push({ type: "terminal" });
  }

  #group(items: Item[]): number {
    if (++this.#depth > MAX_GROUP_DEPTH) this.#fail(`groups nest deeper than ${MAX_GROUP_DEPTH}`);
    this.#at++;
    this.#space(true);
    const { alternatives, size } = this.#alternatives(true);
    if (this.#peek() !== ")") this.#fail("a closing ) is missing");
    this.#at++;
    this.#depth--;
    const rule: Rule = { name: "", alternatives };
    this.#groups.push(rule);
    this.#countRules();
    items.push({ type: "reference", rule });
    return Math.max(1, size);
  }

  /** How often the last item is repeated, and how many copies llama.cpp makes of it. */
  #repetition(): { readonly least: number; readonly most: number; readonly copies: number } {
    const character = this.#peek();
    this.#at++;
    if (character === "*") return { least: 0, most: Number.POSITIVE_INFINITY, copies: 1 };
    if (character === "+") return { least: 1, most: Number.POSITIVE_INFINITY, copies: 2 };
    if (character === "?") return { least: 0, most: 1, copies: 1 };
    const match = /^[ \t]*(\d+)[ \t]*(,[ \t]*(\d*)[ \t]*)?\}/.exec(this.#text.slice(this.#at, this.#at + 64));
    if (!match) this.#fail("a repetition is written {m}, {m,} or {m,n}");
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] ? Number(match[3]) : Number.POSITIVE_INFINITY;
    const counted = most === Number.POSITIVE_INFINITY ? least + 1 : most;
    if (least > MAX_REPETITIONS || (Number.isFinite(most) && most > MAX_REPETITIONS)) {
      this.#fail(`a repetition is above ${MAX_REPETITIONS}`);
    }
    // llama.cpp would count the difference down from 2^64.
    if (most < least) this.#fail(`the repetition {${least},${most}} ends before it starts`);
    this.#at += match[0].length;
    return { least, most, copies: Math.max(1, counted) };
  }
}
