import type { KeywordClause, LanceTable } from "../store/lance.ts";

type Column = KeywordClause["column"];

/** Most words remembered at once: some 50 MB. Tests put fewer in their place. */
const MAX_WORDS = 500_000;
/** Stands behind the words of a call to show that none of them was cut in two. It is in no list of stop words. */
const LAST_WORD = "sentinel";

/** The words of a text as the keyword index of a column holds them. */
export interface WordForms {
  /** The index's words of each text, in order, stop words left out. */
  read(texts: readonly string[], column: Column): Promise<(readonly string[])[]>;
  /** The index's words of a text with what stands for each in it. */
  pairs(text: string, column: Column): Promise<{ readonly word: string; readonly form: string }[]>;
}

/**
 * Cuts texts where the index does and asks the engine for the form of each different word, once: asking for whole texts
 * takes twenty times as long.
 */
export function createWordForms(table: Pick<LanceTable, "tokenize">, maxWords = MAX_WORDS): WordForms {
  const remembered = {
    words: new Map<string, readonly string[]>(),
    identifiers: new Map<string, readonly string[]>(),
  };

  const ask = async (asked: readonly string[], column: Column): Promise<(readonly string[])[]> => {
    const tokens = await table.tokenize(`${asked.join(" ")} ${LAST_WORD}`, column);
    if (tokens.at(-1)?.position === asked.length) {
      const forms: string[][] = asked.map(() => []);
      for (const { text, position } of tokens) forms[position]?.push(text);
      return forms;
    }
    const alone: (readonly string[])[] = [];
    for (const word of asked) alone.push((await table.tokenize(word, column)).map(({ text }) => text));
    return alone;
  };

  // Plain loops: this is the work of a keyword search in an earlier state, done for every word that it reads.
  const read = async (texts: readonly string[], column: Column): Promise<string[][]> => {
    const kind = column === "identifiers" ? "identifiers" : "words";
    let forms = remembered[kind];
    const cut = texts.map((text) => splitWords(text, column));
    const unknown = new Set<string>();
    for (const each of cut) for (const word of each) if (!forms.has(word)) unknown.add(word);
    if (unknown.size > 0) {
      if (forms.size + unknown.size > maxWords) {
        // A new one: another reading may be under way that counts on words of the old one.
        forms = new Map();
        remembered[kind] = forms;
        for (const each of cut) for (const word of each) unknown.add(word);
      }
      const missing = [...unknown];
      const found = await ask(missing, column);
      for (const [i, word] of missing.entries()) forms.set(word, found[i] ?? []);
    }
    return cut.map((each) => {
      const read: string[] = [];
      for (const word of each) for (const form of forms.get(word) ?? []) read.push(form);
      return read;
    });
  };

  return {
    read,
    async pairs(text, column) {
      const cut = splitWords(text, column);
      const found = await read(cut, column);
      return cut.flatMap((word, i) => (found[i] ?? []).map((form) => ({ word, form })));
    },
  };
}

function splitWords(text: string, column: Column): readonly string[] {
  if (column === "identifiers") return text.split(/\s+/u).filter(Boolean);
  return text.match(/[\p{Alphabetic}\p{N}]+/gu) ?? [];
}
