/** Forms that no rule leads back to their word. */
const IRREGULAR = new Map(
  `led:lead won:win bought:buy sold:sell built:build made:make gave:give given:give took:take taken:take wrote:write
  written:write began:begin begun:begin became:become held:hold kept:keep lost:lose paid:pay sent:send spent:spend
  taught:teach thought:think told:tell went:go gone:go came:come saw:see seen:see got:get ran:run rose:rise
  risen:rise fell:fall fallen:fall grew:grow grown:grow knew:know known:know broke:break broken:break chose:choose
  chosen:choose drove:drive driven:drive flew:fly flown:fly spoke:speak spoken:speak stole:steal stolen:steal wore:wear
  worn:wear met:meet fought:fight caught:catch brought:bring stood:stand understood:understand sat:sit sang:sing sung:sing
  threw:throw thrown:throw drew:draw drawn:draw shown:show slept:sleep felt:feel dealt:deal meant:mean sought:seek
  struck:strike sank:sink sunk:sink swam:swim froze:freeze frozen:freeze forgot:forget forgotten:forget hid:hide hidden:hide
  ate:eat eaten:eat laid:lay children:child men:man women:woman feet:foot teeth:tooth mice:mouse`
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(":") as [string, string]),
);

/**
 * Stem of a lower-case English word, after the first rules of M. F. Porter, "An algorithm for suffix stripping" (1980):
 * plurals, -ed, -ing, -ly and the commonest noun endings fall away. Words of other scripts, and words of up to three
 * letters, are returned as they are.
 */
export function stem(word: string): string {
  const regular = IRREGULAR.get(word) ?? word;
  if (regular.length <= 3 || !/^[a-z]+$/.test(regular)) return regular;
  let w = stripPlural(regular);
  w = stripPastAndGerund(w);
  if (w.endsWith("y") && w.length > 2 && !isVowel(w, w.length - 2)) w = `${w.slice(0, -1)}i`;
  w = replaceEnding(w, LONG_ENDINGS, 0);
  w = replaceEnding(w, SHORT_ENDINGS, 0);
  w = replaceEnding(w, LAST_ENDINGS, 1);
  if (
    w.endsWith("e") &&
    (measure(w.slice(0, -1)) > 1 || (measure(w.slice(0, -1)) === 1 && !endsCvc(w.slice(0, -1))))
  )
    w = w.slice(0, -1);
  if (w.endsWith("ll") && measure(w) > 1) w = w.slice(0, -1);
  return w;
}

const LONG_ENDINGS: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["ization", "ize"],
  ["isation", "ize"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["tional", "tion"],
  ["biliti", "ble"],
  ["entli", "ent"],
  ["ation", "ate"],
  ["alism", "al"],
  ["aliti", "al"],
  ["ousli", "ous"],
  ["iviti", "ive"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["iser", "ize"],
  ["abli", "able"],
  ["alli", "al"],
  ["ator", "ate"],
  ["eli", "e"],
  ["ise", "ize"],
];
const SHORT_ENDINGS: readonly (readonly [string, string])[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ness", ""],
  ["ful", ""],
];
const LAST_ENDINGS: readonly (readonly [string, string])[] = [
  ["ement", ""],
  ["ance", ""],
  ["ence", ""],
  ["able", ""],
  ["ible", ""],
  ["ment", ""],
  ["sion", "s"],
  ["tion", "t"],
  ["ant", ""],
  ["ent", ""],
  ["ism", ""],
  ["ate", ""],
  ["iti", ""],
  ["ous", ""],
  ["ive", ""],
  ["ize", ""],
  ["al", ""],
  ["er", ""],
  ["or", ""],
  ["ic", ""],
];

function stripPlural(w: string): string {
  if (w.endsWith("sses")) return w.slice(0, -2);
  if (w.endsWith("ies")) return w.length > 4 ? w.slice(0, -2) : w.slice(0, -1);
  if (w.endsWith("ss") || w.endsWith("us") || w.endsWith("is")) return w;
  return w.endsWith("s") ? w.slice(0, -1) : w;
}

function stripPastAndGerund(w: string): string {
  if (w.endsWith("eed")) return measure(w.slice(0, -3)) > 0 ? w.slice(0, -1) : w;
  const ending = w.endsWith("ed") ? 2 : w.endsWith("ing") ? 3 : 0;
  if (ending === 0) return w;
  const rest = w.slice(0, -ending);
  if (!hasVowel(rest) || rest.length < 2) return w;
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/([^aeiou])\1$/.test(rest) && !/[lsz]$/.test(rest)) return rest.slice(0, -1);
  return measure(rest) === 1 && endsCvc(rest) ? `${rest}e` : rest;
}

function replaceEnding(w: string, endings: readonly (readonly [string, string])[], least: number): string {
  for (const [ending, replacement] of endings) {
    if (!w.endsWith(ending)) continue;
    const rest = w.slice(0, -ending.length);
    return measure(rest + (replacement.length === 1 ? replacement : "")) > least ? rest + replacement : w;
  }
  return w;
}

function isVowel(w: string, i: number): boolean {
  const c = w.charAt(i);
  return "aeiou".includes(c) || (c === "y" && i > 0 && !"aeiou".includes(w.charAt(i - 1)));
}

function hasVowel(w: string): boolean {
  for (let i = 0; i < w.length; i++) if (isVowel(w, i)) return true;
  return false;
}

/** Porter's m: how many times a vowel run is followed by a consonant run. */
function measure(w: string): number {
  let m = 0;
  for (let i = 1; i < w.length; i++) if (isVowel(w, i - 1) && !isVowel(w, i)) m++;
  return m;
}

function endsCvc(w: string): boolean {
  const n = w.length;
  return n >= 3 && !isVowel(w, n - 3) && isVowel(w, n - 2) && !isVowel(w, n - 1) && !/[wxy]$/.test(w);
}
