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
  /** Among those kept. */
  readonly place: number;
  readonly words: readonly number[];
  readonly runs: readonly number[];
  /** The same as sets, made when something is compared with it: most passages have no copy. */
  sets?: { readonly words: ReadonlySet<number>; readonly runs: ReadonlySet<number> };
}

/**
 * Folds each passage that an earlier one says in full into that one, so that copies of a page do not fill the first places.
 * Nothing that only the later one says is lost: every word of it stands in the earlier one, nearly all runs of five words
 * do, and all runs with a digit or a negation. So two price lists of the same wording stay two. It reads no
 * further once `count` are kept.
 */
export function foldCopies<Item>(
  ranked: readonly Item[],
  textOf: (item: Item) => string,
  count = Number.POSITIVE_INFINITY,
): Folded<Item>[] {
  const kept: Kept<Item>[] = [];
  const holders = new Map<number, Kept<Item>[]>();
  for (const item of ranked) {
    if (kept.length >= count) break;
    const { words, turns } = readWords(textOf(item));
    const runs = words.length >= MIN_WORDS ? runsOf(words) : [];
    const holder = likelyHolders(runs, holders).find((each) => repeats(words, runs, turns, each));
    if (holder) {
      holder.copies.push(item);
      continue;
    }
    const own: Kept<Item> = { item, copies: [], place: kept.length, words, runs };
    kept.push(own);
    for (const run of runs) {
      const list = holders.get(run);
      if (!list) holders.set(run, [own]);
      else if (list.at(-1) !== own) list.push(own);
    }
  }
  return kept;
}

/** Kept items that share enough runs to be worth comparing, earliest first. */
function likelyHolders<Item>(
  runs: readonly number[],
  holders: ReadonlyMap<number, readonly Kept<Item>[]>,
): Kept<Item>[] {
  // Whoever holds enough of all of them holds one of the first few.
  const few = runs.slice(0, Math.floor(runs.length * (1 - MIN_SHARED)) + 1);
  const found = new Set(few.flatMap((run) => holders.get(run) ?? []));
  return [...found].sort((a, b) => a.place - b.place);
}

function repeats<Item>(
  words: readonly number[],
  runs: readonly number[],
  turns: readonly boolean[],
  earlier: Kept<Item>,
): boolean {
  earlier.sets ??= { words: new Set(earlier.words), runs: new Set(earlier.runs) };
  const { sets } = earlier;
  if (!words.every((word) => sets.words.has(word))) return false;
  const missing = runs.flatMap((run, at) => (sets.runs.has(run) ? [] : [at]));
  if (missing.length > runs.length * (1 - MIN_SHARED)) return false;
  return !missing.some((at) => turns.slice(at, at + SHINGLE_WORDS).some(Boolean));
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
  const lower = text.toLowerCase();
  const words: number[] = [];
  const turns: boolean[] = [];
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
      words.push(hash);
      turns.push(digit || TURNS.has(hash));
      hash = FNV_OFFSET;
      length = 0;
      digit = false;
    }
  }
  return { words, turns };
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
