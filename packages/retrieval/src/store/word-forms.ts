import type { KeywordClause, LanceTable } from "./lance.ts";

type Column = KeywordClause["column"];

/** Most words remembered at once: some 50 MB. */
const MAX_WORDS = 500_000;
/** Stands behind the words of a call to show that none of them was cut in two. It is in no list of stop words. */
const LAST_WORD = "sentinel";

/** The words of a text as the keyword index of a column holds them. */
export interface WordForms {
  /** The index's words of each text, in order, stop words left out. */
  read(texts: readonly string[], column: Column): Promise<(readonly string[])[]>;
}

/**
 * Cuts texts where the index does and asks the engine for the form of each different word, once: asking for whole texts
 * takes twenty times as long.
 */
export function createWordForms(table: Pick<LanceTable, "tokenize">): WordForms {
  const known = {
    words: new Map<string, readonly string[]>(),
    identifiers: new Map<string, readonly string[]>(),
  };

  const ask = async (words: readonly string[], column: Column): Promise<(readonly string[])[]> => {
    const tokens = await table.tokenize(`${words.join(" ")} ${LAST_WORD}`, column);
    if (tokens.at(-1)?.position === words.length) {
      const forms: string[][] = words.map(() => []);
      for (const { text, position } of tokens) forms[position]?.push(text);
      return forms;
    }
    const alone: (readonly string[])[] = [];
    for (const word of words) alone.push((await table.tokenize(word, column)).map(({ text }) => text));
    return alone;
  };

  return {
    async read(texts, column) {
      const forms = column === "identifiers" ? known.identifiers : known.words;
      const cut = texts.map((text) => splitWords(text, column));
      const unknown = [...new Set(cut.flat().filter((word) => !forms.has(word)))];
      if (forms.size + unknown.length > MAX_WORDS) forms.clear();
      const missing = forms.size === 0 ? [...new Set(cut.flat())] : unknown;
      const found = missing.length > 0 ? await ask(missing, column) : [];
      for (const [i, word] of missing.entries()) forms.set(word, found[i] ?? []);
      return cut.map((words) => words.flatMap((word) => forms.get(word) ?? []));
    },
  };
}

function splitWords(text: string, column: Column): readonly string[] {
  if (column === "identifiers") return text.split(/\s+/u).filter(Boolean);
  return text.match(/[\p{Alphabetic}\p{N}]+/gu) ?? [];
}
