import { SHINGLE_WORDS } from "../health/minhash.ts";

/** A shorter passage takes little room, and its meaning lies in its heading. */
const MIN_WORDS = 12;
/** Share of a copy's runs of words that stand in the passage it repeats. */
const MIN_SHARED = 0.8;
/** Words that turn a statement round: a run of words with one of them, or with a digit, must stand in both. */
const TURNS = new Set(
  "not no never none nor neither without except unless only cannot nicht kein keine ohne nur pas sans ne sauf no sin nunca".split(
    " ",
  ),
);

/** A ranked item, with those after it that only repeat it. */
export interface Folded<Item> {
  readonly item: Item;
  /** Best first. */
  readonly copies: readonly Item[];
}

/**
 * Folds each passage that an earlier one says in full into that one, so that copies of a page do not fill the first places.
 * Nothing that only the later one says is lost: every word of it stands in the earlier one, nearly all runs of five words
 * do, and all runs with a digit or a negation. So two price lists of the same wording stay two.
 */
export function foldCopies<Item>(ranked: readonly Item[], textOf: (item: Item) => string): Folded<Item>[] {
  const kept: {
    readonly item: Item;
    readonly copies: Item[];
    readonly words: Set<string>;
    readonly runs: Set<string>;
  }[] = [];
  const holders = new Map<string, number[]>();
  for (const item of ranked) {
    const words =
      textOf(item)
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu) ?? [];
    const runs = words.length >= MIN_WORDS ? runsOf(words) : [];
    const holder = holderOf(runs, holders)
      .map((index) => kept[index])
      .find((each) => each && repeats(words, runs, each));
    if (holder) {
      holder.copies.push(item);
      continue;
    }
    for (const run of new Set(runs)) {
      const list = holders.get(run);
      if (list) list.push(kept.length);
      else holders.set(run, [kept.length]);
    }
    kept.push({ item, copies: [], words: new Set(words), runs: new Set(runs) });
  }
  return kept.map(({ item, copies }) => ({ item, copies }));
}

function runsOf(words: readonly string[]): string[] {
  return words
    .slice(SHINGLE_WORDS - 1)
    .map((_, index) => words.slice(index, index + SHINGLE_WORDS).join(" "));
}

/** Kept items that hold enough of these runs, earliest first. */
function holderOf(runs: readonly string[], holders: ReadonlyMap<string, readonly number[]>): number[] {
  if (runs.length === 0) return [];
  const shared = new Map<number, number>();
  for (const run of runs) {
    for (const index of holders.get(run) ?? []) shared.set(index, (shared.get(index) ?? 0) + 1);
  }
  return [...shared]
    .filter(([, count]) => count >= runs.length * MIN_SHARED)
    .map(([index]) => index)
    .sort((a, b) => a - b);
}

function repeats(
  words: readonly string[],
  runs: readonly string[],
  earlier: { readonly words: ReadonlySet<string>; readonly runs: ReadonlySet<string> },
): boolean {
  if (!words.every((word) => earlier.words.has(word))) return false;
  return runs.every(
    (run) => earlier.runs.has(run) || !run.split(" ").some((word) => TURNS.has(word) || /\p{N}/u.test(word)),
  );
}
