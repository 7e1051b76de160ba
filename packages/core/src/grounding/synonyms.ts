import { WORD_GROUPS } from "@advisor/retrieval";
import { stem } from "./stem.ts";

/** Closeness of two words of a group, against 1 for the same word. */
export const SYNONYM_WEIGHT = 0.6;

const groupsOf = new Map<string, number[]>();
const members: string[][] = [];
for (const [group, words] of WORD_GROUPS.entries()) {
  const stems = [...new Set(words.map(stem))];
  members.push(stems);
  for (const term of stems) groupsOf.set(term, [...(groupsOf.get(term) ?? []), group]);
}

/** The stems that stand in a group with this one, itself left out. */
export function synonymsOf(term: string): readonly string[] {
  return (groupsOf.get(term) ?? [])
    .flatMap((group) => members[group] ?? [])
    .filter((other) => other !== term);
}
