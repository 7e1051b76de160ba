import { WORD_GROUPS } from "./word-groups.ts";

/** Limit on related words of one question: a long one has words enough of its own, and each is a look-up. */
const MAX_RELATED = 64;

const groupsOf = new Map<string, (readonly string[])[]>();
for (const group of WORD_GROUPS) {
  for (const word of group) groupsOf.set(word, [...(groupsOf.get(word) ?? []), group]);
}

/** Words that stand in a group with a word of the question, each once, without the question's own. */
export function relatedWords(question: string): string[] {
  const own = new Set<string>();
  for (const [word] of question.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    own.add(baseForms(word).find((form) => groupsOf.has(form)) ?? word);
  }
  const related = new Set<string>();
  for (const word of own) {
    for (const other of (groupsOf.get(word) ?? []).flat()) {
      if (!own.has(other) && related.size < MAX_RELATED) related.add(other);
    }
  }
  return [...related];
}

/** What a regular English ending may have been put on, the word itself first. */
function baseForms(word: string): string[] {
  const forms = [word];
  const without = (ending: string, ...replacements: string[]) => {
    if (!word.endsWith(ending)) return;
    for (const replacement of replacements) forms.push(word.slice(0, -ending.length) + replacement);
  };
  without("ies", "y");
  without("es", "", "e");
  without("s", "");
  without("ied", "y");
  for (const ending of ["ed", "ing"]) {
    without(ending, "", "e");
    const stem = word.endsWith(ending) ? word.slice(0, -ending.length) : "";
    if (stem.length > 2 && stem.at(-1) === stem.at(-2)) forms.push(stem.slice(0, -1));
  }
  return forms;
}
