import { SHINGLE_WORDS } from "../health/minhash.ts";

/** A shorter passage takes little room, and its meaning lies in its heading. */
const MIN_WORDS = 12;
/** Share of a copy's runs of words that stand in the passage it repeats. */
const MIN_SHARED = 0.8;
/** Constants of the FNV-1a hash with 32 bits. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Words that turn a statement round: a run of words with one of them, or with a digit, must stand in both. */
const TURNS: ReadonlySet<number> = new Set(
  "not no never none nor neither without except unless only cannot nicht kein keine ohne nur pas sans ne sauf no sin nunca"
    .split(" ")
    .map(hashOf),
);

/** A ranked item, with those after it that only repeat it. */
export interface Folded<Item> {
  readonly item: Item;
  /** Best first. */
  readonly copies: readonly Item[];
}

interface Kept<Item> {
  readonly item: Item;
  readonly copies: Item[];
  readonly text: string;
  readonly sketch: Sketch;
  /** Made when something is compared with it: most passages have no copy. */
  sets?: { readonly words: ReadonlySet<number>; readonly runs: ReadonlySet<number> };
}

/**
 * Folds each passage that an earlier one says in full into that one, so that copies of a page do not fill the first places.
 * Nothing that only the later one says is lost: every word of it stands in the earlier one, nearly all runs of five words
 * do, and all runs with a digit or a negation. So two price lists of the same wording stay two. It reads no
 * further once `count` are kept.
 */
export function foldCopies<Item>(
  ranked: Iterable<Item>,
  textOf: (item: Item) => string,
  count = Number.POSITIVE_INFINITY,
): Folded<Item>[] {
  const kept: Kept<Item>[] = [];
  if (count <= 0) return kept;
  for (const item of ranked) {
    const text = textOf(item);
    const sketch = sketchOf(text);
    const holder = kept.find((each) => mayRepeat(sketch, each.sketch) && repeats(text, each));
    if (holder) holder.copies.push(item);
    else if (kept.push({ item, copies: [], text, sketch }) >= count) break;
  }
  return kept;
}

/** How many words a text has, and a bit for each: one of 256, so that most texts need not be compared word by word. */
interface Sketch {
  readonly words: number;
  readonly bits: Int32Array;
}

function sketchOf(text: string): Sketch {
  const bits = new Int32Array(8);
  let words = 0;
  eachWord(text, (hash) => {
    words++;
    bits[hash & 7] = (bits[hash & 7] as number) | (1 << ((hash >>> 3) & 31));
  });
  return { words, bits };
}

/** False when a word of the later stands not in the earlier, as far as their sketches tell, or one is too short. */
function mayRepeat(later: Sketch, earlier: Sketch): boolean {
  if (later.words < MIN_WORDS || earlier.words < MIN_WORDS) return false;
  for (let i = 0; i < later.bits.length; i++) {
    if (((later.bits[i] as number) & ~(earlier.bits[i] as number)) !== 0) return false;
  }
  return true;
}

function repeats<Item>(text: string, earlier: Kept<Item>): boolean {
  earlier.sets ??= setsOf(earlier.text);
  const { sets } = earlier;
  const { words, turns } = readWords(text);
  if (!words.every((word) => sets.words.has(word))) return false;
  const runs = runsOf(words);
  const missing = runs.flatMap((run, at) => (sets.runs.has(run) ? [] : [at]));
  if (missing.length > runs.length * (1 - MIN_SHARED)) return false;
  return !missing.some((at) => turns.slice(at, at + SHINGLE_WORDS).some(Boolean));
}

function setsOf(text: string): { words: ReadonlySet<number>; runs: ReadonlySet<number> } {
  const { words } = readWords(text);
  return { words: new Set(words), runs: new Set(runsOf(words)) };
}

function runsOf(words: readonly number[]): number[] {
  const runs: number[] = [];
  for (let at = 0; at + SHINGLE_WORDS <= words.length; at++) {
    let hash = FNV_OFFSET;
    for (let i = at; i < at + SHINGLE_WORDS; i++) hash = Math.imul(hash ^ (words[i] as number), FNV_PRIME);
    runs.push(hash);
  }
  return runs;
}

/** A text's words as hashes, and whether each has a digit or turns a statement round. */
function readWords(text: string): { readonly words: number[]; readonly turns: boolean[] } {
  const words: number[] = [];
  const turns: boolean[] = [];
  eachWord(text, (hash, digit) => {
    words.push(hash);
    turns.push(digit || TURNS.has(hash));
  });
  return { words, turns };
}

/** Gives each word of a text as a hash, and whether it has a digit. */
function eachWord(text: string, visit: (hash: number, digit: boolean) => void): void {
  const lower = text.toLowerCase();
  let hash = FNV_OFFSET;
  let length = 0;
  let digit = false;
  for (let i = 0; i <= lower.length; i++) {
    const code = i < lower.length ? lower.charCodeAt(i) : 0;
    const kind = kindOf(code);
    if (kind > 1) {
      hash = Math.imul(hash ^ code, FNV_PRIME);
      length++;
      digit ||= kind === 3;
    } else if (length > 0) {
      visit(hash, digit);
      hash = FNV_OFFSET;
      length = 0;
      digit = false;
    }
  }
}

/** What each code unit is, looked up once: 0 not yet, 1 neither, 2 a letter, 3 a digit. */
const kinds = new Uint8Array(0x10000);

/** Halves of a surrogate pair count as letters. */
function kindOf(code: number): number {
  const known = kinds[code];
  if (known) return known;
  const sign = String.fromCharCode(code);
  const kind = /\p{N}/u.test(sign) ? 3 : /[\p{L}\p{Cs}]/u.test(sign) ? 2 : 1;
  kinds[code] = kind;
  return kind;
}

function hashOf(word: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), FNV_PRIME);
  return hash;
}
