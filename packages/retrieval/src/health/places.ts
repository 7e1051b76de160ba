import type { Page } from "./page.ts";

/** Words with a capital letter that stand after these name a place, a month or a plan: what a statement may be limited to. */
const IN = /(?<=[\p{Ll},;] (?:in|at|from|near|outside) (?:the )?)(\p{Lu}[\p{L}\p{M}]{2,})/gu;
const LOWER = /(?<![\p{L}\p{M}\p{N}])(\p{Ll}[\p{L}\p{M}]{2,})/gu;

/**
 * The places that the pages speak of, in lower case: whatever is written with a capital after "in" or "at", and nowhere
 * without one. Pages that differ in one of these may both be right, wherever the places are.
 */
export function placesOf(pages: readonly Page[]): ReadonlySet<string> {
  const places = new Set<string>();
  for (const { text } of pages)
    for (const [, word] of text.matchAll(IN)) places.add((word as string).toLowerCase());
  if (places.size === 0) return places;
  for (const { text } of pages) for (const [, word] of text.matchAll(LOWER)) places.delete(word as string);
  return places;
}
