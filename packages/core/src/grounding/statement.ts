import { stem } from "./stem.ts";
import type { Word } from "./words.ts";

/** What of a statement must not differ between a claim and its source, beside the words themselves. */
export interface Statement {
  readonly words: readonly Word[];
  /** Terms that every time stand under a negation. */
  readonly negated: ReadonlySet<string>;
  /** Units by number: `5 days` gives 5 -> day. */
  readonly units: ReadonlyMap<string, ReadonlySet<string>>;
  /** In the order of the text, with their places among the words. */
  readonly names: readonly { readonly term: string; readonly at: number }[];
  readonly numbers: readonly { readonly term: string; readonly at: number }[];
  /** Makes an exception: `only`, or `nobody but`, `not unless`. */
  readonly excepts: boolean;
  /** Says who did something after the verb: `was bought by`. */
  readonly passive: boolean;
}

const EXCEPTS = /^(?:only|but|except|unless|without)$/i;

const NEGATIONS = new Set(
  "not no never none nobody nothing nowhere neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt mustnt hasnt havent hadnt n't hardly unable fail"
    .split(" ")
    .map(stem),
);
/** Content words after a negation that it governs. */
const NEGATION_REACH = 3;

const UNITS = new Map<string, string>();
for (const group of [
  "second seconds sec s",
  "minute minutes min",
  "hour hours h",
  "day days",
  "week weeks",
  "month months",
  "year years",
  "percent %",
  "euro euros eur €",
  "dollar dollars usd $",
  "pound pounds gbp £",
  "metre metres meter meters m",
  "kilometre kilometres km",
  "centimetre centimetres cm",
  "millimetre millimetres mm",
  "gram grams g",
  "kilogram kilograms kg",
  "byte bytes",
  "kb",
  "mb",
  "gb",
  "tb",
  "million",
  "billion",
  "thousand",
  "hundred",
]) {
  const [unit = "", ...names] = group.split(" ");
  for (const name of [unit, ...names]) UNITS.set(stem(name), unit);
}

/**
 * Reads what the words of a sentence bind together. `text` is what the words' offsets refer to; `knownNames` are terms
 * that are names elsewhere, so that one which opens the sentence is known for a name too.
 */
export function readStatement(
  text: string,
  words: readonly Word[],
  knownNames: ReadonlySet<string>,
): Statement {
  const units = new Map<string, Set<string>>();
  for (const [i, word] of words.entries()) {
    if (word.kind !== "number") continue;
    const unit = unitOf(text, words, i);
    if (unit) units.set(word.term, (units.get(word.term) ?? new Set()).add(unit));
    else if (!units.has(word.term)) units.set(word.term, new Set());
  }
  const places = words.map(({ term }, at) => ({ term, at }));
  return {
    words,
    negated: negatedTerms(text, words),
    units,
    names: places.filter(({ term, at }) => isName(words[at]) || (words[at]?.capital && knownNames.has(term))),
    numbers: places.filter(({ at }) => words[at]?.kind === "number"),
    excepts: words.some(({ text: word }) => EXCEPTS.test(word)),
    passive: isPassive(words),
  };
}

export function isNegation(word: Word): boolean {
  return NEGATIONS.has(word.term) || /n['’]t$/i.test(word.text);
}

/** A capital that is not owed to the sentence's beginning, or an identifier. */
export function isName(word: Word | undefined): boolean {
  if (!word || word.stop) return false;
  return word.kind === "identifier" || (word.kind === "word" && word.capital && !word.first);
}

function negatedTerms(text: string, words: readonly Word[]): Set<string> {
  const negated = new Set<string>();
  const plain = new Set<string>();
  let reach = 0;
  for (const [i, word] of words.entries()) {
    const between = text.slice(words[i - 1]?.end ?? 0, word.start);
    if (/[,;:.!?()|—]/.test(between) || EXCEPTS.test(word.text)) reach = 0;
    if (isNegation(word)) {
      reach = NEGATION_REACH;
      continue;
    }
    if (word.stop) continue;
    (reach > 0 ? negated : plain).add(word.term);
    reach--;
  }
  for (const term of plain) negated.delete(term);
  return negated;
}

function unitOf(text: string, words: readonly Word[], i: number): string | undefined {
  const word = words[i];
  if (!word) return undefined;
  const before = /[€$£]\s?$/.exec(text.slice(Math.max(0, word.start - 2), word.start))?.[0].trim();
  if (before) return UNITS.get(before);
  const after = /^\s?([%€$£])/.exec(text.slice(word.end, word.end + 2))?.[1];
  if (after) return UNITS.get(after);
  const [next, second] = words.slice(i + 1, i + 3);
  if (!next || next.start - word.end > 2) return undefined;
  // "3 working days": one word may stand between, if it is no number's.
  return (
    UNITS.get(next.term) ??
    (second && !next.stop && next.kind === "word" ? UNITS.get(second.term) : undefined)
  );
}

const PARTICIPLE =
  /(?:ed|wn|ght)$|^(?:is|are|was|were|be|been|being|made|built|won|led|held|paid|sold|set|run|sung|taken|given|written|driven|chosen)$/i;

function isPassive(words: readonly Word[]): boolean {
  return words.some(
    ({ text }, i) =>
      /^by$/i.test(text) && words.slice(Math.max(0, i - 4), i).some((word) => PARTICIPLE.test(word.text)),
  );
}
