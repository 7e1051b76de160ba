import { stem } from "./stem.ts";
import { SYNONYM_WEIGHT, synonymsOf } from "./synonyms.ts";
import type { Word } from "./words.ts";

/** Closeness of words that share their beginning (naturalise, naturalisation), against 1 for the same stem. */
const PREFIX_WEIGHT = 0.6;
/** Closeness of a word that stands inside the other (atlantic, transatlantic). */
const INSIDE_WEIGHT = 0.5;
/** How much of the longer word a shared beginning must make up. */
const PREFIX_SHARE = 0.65;

/** How close the closest of some terms is to this one: 1 for the same, 0 for none, between for kin and synonyms. */
export function closeness(term: string, terms: ReadonlySet<string>): number {
  if (terms.has(term)) return 1;
  let best = synonymsOf(term).some((other) => terms.has(other)) ? SYNONYM_WEIGHT : 0;
  if (term.length < 5 || !/^[a-z]+$/.test(term)) return best;
  for (const other of terms) {
    if (other.length < 4) continue;
    best = Math.max(best, kinship(term, other));
  }
  return best;
}

function kinship(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  let shared = 0;
  while (shared < short.length && short[shared] === long[shared]) shared++;
  if (shared >= 4 && shared >= PREFIX_SHARE * long.length) return PREFIX_WEIGHT;
  return short.length >= 6 && long.includes(short) ? INSIDE_WEIGHT : 0;
}

/** Factor on the weight of a word that is at home in any text, so that it tells little when it is missing. */
const LIGHT_FACTOR = 0.3;
const LIGHT = new Set(
  (
    "call name use find make take become happen occur kind type sort way thing mean need want give get go come say tell show " +
    "know see put let keep allow possible able help provide require include consist contain follow believe consider describe " +
    "refer known common main mostly usually generally specific particular certain different person people man woman part " +
    "number amount term word example reason result cause effect purpose role year time day date place location area city " +
    "country group company member large small long high low old new good big great serve work play start begin end change " +
    "form create build hold receive cost much many often located feature made used called named said found"
  )
    .split(" ")
    .map(stem),
);

/** Whether a word is at home in any text. */
export function isLight(term: string): boolean {
  return LIGHT.has(term);
}

/** How much a word says: rarer among the texts is more, by BM25's inverse document frequency. */
export function wordWeight(word: Word, frequency: number, texts: number): number {
  const rarity = Math.log(1 + (texts - frequency + 0.5) / (frequency + 0.5));
  return isLight(word.term) ? rarity * LIGHT_FACTOR : rarity;
}
