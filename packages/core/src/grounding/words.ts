import { stem } from "./stem.ts";

/** A word, number or identifier of a text. */
export interface Word {
  /** Comparable form: lower case, folded and stemmed; of numbers the plain digits. */
  readonly term: string;
  readonly text: string;
  /** UTF-16 offsets into the text that was read. */
  readonly start: number;
  readonly end: number;
  /** `identifier`: a name that means nothing unless exact, such as `E-4012`, `--flag`, `v1.2.3`, `snake_case`. */
  readonly kind: "word" | "number" | "identifier";
  /** Begins with a capital. */
  readonly capital: boolean;
  /** The first word of a sentence, whose capital says nothing. */
  readonly first: boolean;
  /** Carries no content of its own: articles, auxiliaries, question words. */
  readonly stop: boolean;
}

/** Longest run that is read as one word. What is longer (a hash, hostile text) is cut, so that work stays linear. */
const MAX_WORD_LENGTH = 128;

// Runs of letters and digits, joined by a single mark as in E-4012, 1,000.50, v1.2.3, o'clock, user@host, a/b.
const WORD = /-{0,2}(?:[\p{L}\p{N}\p{M}]+(?:[-_.,:/@'’‑+][\p{L}\p{N}\p{M}]+){0,16}|_+[\p{L}\p{N}\p{M}_]+)/gu;

const STOP_WORDS = new Set(
  (
    "a an the this that these those of in on at by for from to with within into onto as is are was were be been being am " +
    "do does did done doing has have had having can could will would shall should may might must it its he him his she her " +
    "they them their we us our you your i me my and or but if then than so there here what which who whom whose when where " +
    "why how also s t d ll re ve m about any some such each other another many much both one's please tell"
  ).split(" "),
);

const NUMBER_WORDS = new Map(
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
    .split(" ")
    .map((word, value) => [word, String(value)] as const),
);
for (const [i, word] of "thirty forty fifty sixty seventy eighty ninety".split(" ").entries())
  NUMBER_WORDS.set(word, String(30 + 10 * i));

/** Lower case, without accents and with plain quotes and hyphens. */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[’‘ʼ]/g, "'")
    .replace(/[‐‑‒–—−]/g, "-")
    .toLowerCase();
}

/** Reads the words of a text. Linear in its length. */
export function readWords(text: string): Word[] {
  const words: Word[] = [];
  let lastEnd = 0;
  for (const match of text.matchAll(WORD)) {
    const raw = match[0];
    const start = match.index;
    const first =
      words.length === 0 || /[.!?:]["'”’)\]]*\s/.test(text.slice(Math.max(lastEnd, start - 8), start));
    lastEnd = start + raw.length;
    pushWords(words, raw, start, first);
  }
  return words;
}

function pushWords(words: Word[], raw: string, start: number, first: boolean): void {
  const flag = /^-{1,2}(?=[\p{L}_])/u.exec(raw)?.[0] ?? "";
  const lead = /^-*/.exec(raw)?.[0].length ?? 0;
  const body = raw.slice(lead).replace(/['’]s$/, "");
  const at = start + lead;
  if (isNumber(body)) {
    words.push(make(body, at, "number", plainNumber(body), first));
    return;
  }
  if (isIdentifier(body) || flag.length === 2) {
    words.push(make(body, at, "identifier", fold(body).slice(0, MAX_WORD_LENGTH), first));
    return;
  }
  let part = 0;
  for (const piece of body.matchAll(/[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*|[\p{N}]+(?:[.,][\p{N}]+)*/gu)) {
    const text = piece[0];
    const offset = at + piece.index;
    const opens = first && part === 0;
    part++;
    if (/^\p{N}/u.test(text)) {
      words.push(make(text, offset, "number", plainNumber(text), opens));
      continue;
    }
    const folded = fold(text)
      .replace(/(?:'s|s')$/, (ending) => (ending === "s'" ? "s" : ""))
      .slice(0, MAX_WORD_LENGTH);
    const value = NUMBER_WORDS.get(folded);
    if (value !== undefined) words.push(make(text, offset, "number", value, opens));
    else words.push(make(text, offset, "word", stem(folded), opens, STOP_WORDS.has(folded)));
  }
}

function make(
  text: string,
  start: number,
  kind: Word["kind"],
  term: string,
  first: boolean,
  stop = false,
): Word {
  const capital = /^\p{Lu}/u.test(text);
  return { term, text, start, end: start + text.length, kind, capital, first, stop };
}

function isNumber(text: string): boolean {
  // Two dots make a version or an address, which only matches exactly.
  return /^\p{Nd}+(?:,\p{Nd}+)*(?:\.\p{Nd}+)?$/u.test(text);
}

/** `587,000` and `587000` are one number; `1.50` and `1.5` too. A dot in threes, as in `587.000`, stays a decimal. */
function plainNumber(text: string): string {
  const joined = text.normalize("NFKC").replace(/,(?=\p{Nd}{3}(?!\p{Nd}))/gu, "");
  if (/^\d+\.\d+$/.test(joined))
    return joined
      .replace(/0+$/, "")
      .replace(/\.$/, "")
      .replace(/^0+(?=\d)/, "");
  return joined.replace(/^0+(?=\d)/, "");
}

/** Letters with digits (E-4012, v1.2.3, K8s), an underscore, an inner capital (maxTokens), or a path, host or address. */
function isIdentifier(text: string): boolean {
  const digit = /\p{Nd}/u.test(text);
  const letter = /\p{L}/u.test(text);
  // An ordinal, a decade or a measure written together is read as number and word: 1980s, 21st, 5-time, 16GB.
  if (digit && letter && /^\p{Nd}+(?:[.,]\p{Nd}+)*-?\p{L}+$/u.test(text)) return false;
  if (digit && letter && /^\p{Nd}+\p{L}{0,2}(?:-\p{L}+)+$/u.test(text)) return false;
  if (digit && letter) return true;
  if (text.includes("_") || text.includes("@")) return true;
  if (/\p{Ll}\p{Lu}/u.test(text) && !/^(?:Mc|Mac|De|La|Le|O')\p{Lu}/u.test(text)) return true;
  return digit && /^\p{Nd}+(?:[-.:/]\p{Nd}+)+$/u.test(text) && !isNumber(text);
}
