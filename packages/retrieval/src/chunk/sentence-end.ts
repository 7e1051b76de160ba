/** Abbreviations after which a sentence goes on. Lower case, without the final full stop. */
const NEVER_ENDS = new Set(
  (
    "mr mrs ms dr prof st mt rev hon gen col sgt capt lt cmdr adm gov sen rep pres supt messrs mme mlle " +
    "e.g i.e cf viz vs v ca approx resp incl excl esp ibid op"
  ).split(" "),
);
/** Abbreviations after which a sentence goes on when a number follows. */
const BEFORE_NUMBER = new Set(
  (
    "no nos nr vol p pp fig figs eq eqs sec secs ch chap art arts para pt ext tel ver v rev max min est abt " +
    "jan feb mar apr jun jul aug sep sept oct nov dec"
  ).split(" "),
);
/** Abbreviations that may stand at a sentence's end: it ends when a word follows that likes to begin one. */
const MAY_END = new Set(
  "inc ltd co corp llc plc gmbh ag jr sr bros al etc a.m p.m b.c a.d ph.d dept univ assn ave blvd rd".split(
    " ",
  ),
);
const STARTERS = new Set(
  (
    "a an the this that these those it its he she they we you i his her their our your my there here in on at by for from " +
    "with without to of as if when while where after before since until because although though however but and or so " +
    "then thus therefore also both each every all some many most no not only once what which who why how do does did is " +
    "are was were will would can could should may might must please see use note"
  ).split(" "),
);

const TERMINATOR = /[.!?…]/;
const WIDE_TERMINATOR = /[。！？｡]/;
const CLOSER = /["'”’»)\]}*_~`」』）】]/;
/** A capital that is a unit, not an initial: "+50 °C", "24 V". After a year it begins a name: "1912 W. Bragg". */
const UNIT = /(?:°[ \u00a0\u202f]?\p{Lu}|(?<!\d)(?:\d{1,3}|\d+[.,]\d+)[ \u00a0\u202f][VWΩ])$/u;
/** How far back a word before a full stop is read: longer than any abbreviation, and bounded for hostile text. */
const LOOK_BACK = 24;

/**
 * Tells what the character at `index` does inside the segment `[from, to)`: undefined when it is no terminator, else
 * whether the sentence ends with it, and the offset after it with the quotes, brackets and marks that close with it.
 */
export function isSentenceEnd(
  text: string,
  index: number,
  from: number,
  to: number,
): { readonly ends: boolean; readonly after: number } | undefined {
  const char = text.charAt(index);
  const wide = WIDE_TERMINATOR.test(char);
  if (!wide && !TERMINATOR.test(char)) return undefined;

  let after = index + 1;
  while (after < to && (TERMINATOR.test(text.charAt(after)) || WIDE_TERMINATOR.test(text.charAt(after))))
    after++;
  const run = after - index;
  after = skipClosers(text, after, to);
  if (wide) return { ends: true, after };
  if (after >= to) return { ends: true, after };
  if (text.charAt(after).trim() !== "") return { ends: false, after };

  let next = after;
  while (next < to && text.charAt(next).trim() === "") next++;
  if (next >= to) return { ends: true, after };
  const follower = readFollower(text, next, to);
  if (follower.lower) return { ends: false, after };
  if (char !== "." || run > 1) return { ends: true, after };
  return { ends: !goesOn(text, index, from, follower), after };
}

function skipClosers(text: string, from: number, to: number): number {
  let at = from;
  for (;;) {
    while (at < to && CLOSER.test(text.charAt(at))) at++;
    // A footnote or source mark such as [3] or [^1] belongs to the sentence it follows.
    const mark =
      text.charAt(at) === "[" ? /^\[\^?[\w-]{1,16}\]/.exec(text.slice(at, Math.min(to, at + 20))) : null;
    if (!mark) return at;
    at += mark[0].length;
  }
}

interface Follower {
  readonly word: string;
  readonly lower: boolean;
  readonly digit: boolean;
}

/** The word after a full stop, without the quotes, brackets and emphasis that open before it. */
function readFollower(text: string, at: number, to: number): Follower {
  const ahead = text.slice(at, Math.min(to, at + 40));
  const opener = /^[>\s"'“‘«([{*_~¿¡「『（【]*/.exec(ahead)?.[0].length ?? 0;
  const word = /^[\p{L}\p{N}]+/u.exec(ahead.slice(opener))?.[0] ?? "";
  // "iPhone" and "macOS" begin a sentence as well as a capital does.
  const lower = /^\p{Ll}/u.test(word) && !/^\p{Ll}+\p{Lu}/u.test(word);
  return { word: word.toLowerCase(), lower, digit: /^\p{N}/u.test(word) };
}

/** Whether the single full stop at `index` belongs to an abbreviation, an initial or a number that opens the line. */
function goesOn(text: string, index: number, from: number, follower: Follower): boolean {
  const behind = text.slice(Math.max(from, index - LOOK_BACK), index);
  const token = /[\p{L}\p{N}.]+$/u.exec(behind)?.[0] ?? "";
  const word = token.toLowerCase();
  if (word === "" || UNIT.test(behind)) return false;
  if (NEVER_ENDS.has(word)) return true;
  if (BEFORE_NUMBER.has(word) && follower.digit) return true;
  if (MAY_END.has(word) || /^(?:\p{L}\.)+\p{L}$/u.test(token)) return !STARTERS.has(follower.word);
  if (/^\p{Lu}$/u.test(token)) return !STARTERS.has(follower.word);
  return /^\d+$/.test(token) && index - token.length === from;
}
