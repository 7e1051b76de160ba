import type { KeywordClause } from "../store/lance.ts";
import type { Row } from "../store/rows.ts";
import type { WordForms } from "./word-forms.ts";

/** Parameters of the engine's index, and of S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework" (2009). */
const K1 = 1.2;
const B = 0.75;

type Column = KeywordClause["column"];

/** Clauses with their words as the index holds them. */
export interface Asked {
  readonly clauses: readonly { readonly column: Column; readonly boost: number; readonly forms: string[] }[];
  readonly columns: readonly Column[];
  /** Of each column: what is looked for in it, with a word that has this form. */
  readonly words: ReadonlyMap<Column, ReadonlyMap<string, string>>;
}

/** What BM25 needs to know of a column of all rows, readable or not. A row without text in it does not count. */
export interface ColumnStatistics {
  rows: number;
  /** Sum of the rows' lengths, in words. */
  length: number;
  /** Rows that hold each word of the question. */
  readonly holders: Map<string, number>;
}

/** A row's length in a column, and how often it holds each word of the question. */
export interface Holding {
  readonly id: string;
  readonly column: Column;
  readonly length: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Rows that were read for their words. */
export interface WordReading {
  readonly statistics: ReadonlyMap<Column, ColumnStatistics>;
  /** Of rows that share a word with the question. */
  readonly holdings: readonly Holding[];
  add(rows: readonly Row[]): Promise<void>;
}

export async function readQuestion(clauses: readonly KeywordClause[], forms: WordForms): Promise<Asked> {
  const read: { column: Column; boost: number; forms: string[] }[] = [];
  const words = new Map<Column, Map<string, string>>();
  for (const { words: text, column, boost } of clauses) {
    const known = words.get(column) ?? new Map<string, string>();
    words.set(column, known);
    const own: string[] = [];
    for (const { word, form } of await forms.pairs(text, column)) {
      known.set(form, word);
      own.push(form);
    }
    read.push({ column, boost, forms: own });
  }
  return { clauses: read, columns: [...words.keys()], words };
}

export function createWordReading({ columns, words }: Asked, forms: WordForms): WordReading {
  const statistics = new Map(
    columns.map((column): [Column, ColumnStatistics] => [column, { rows: 0, length: 0, holders: new Map() }]),
  );
  const holdings: Holding[] = [];
  return {
    statistics,
    holdings,
    async add(rows) {
      for (const column of columns) {
        const held = rows.filter((row) => typeof row[column] === "string");
        const texts = await forms.read(
          held.map((row) => String(row[column])),
          column,
        );
        const sum = statistics.get(column) as ColumnStatistics;
        for (const [i, text] of texts.entries()) {
          sum.rows++;
          sum.length += text.length;
          const counts = new Map<string, number>();
          for (const form of text) {
            if (words.get(column)?.has(form)) counts.set(form, (counts.get(form) ?? 0) + 1);
          }
          if (counts.size === 0) continue;
          for (const form of counts.keys()) sum.holders.set(form, (sum.holders.get(form) ?? 0) + 1);
          holdings.push({ id: String(held[i]?.id), column, length: text.length, counts });
        }
      }
    },
  };
}

/** BM25 of rows by id: the scores the engine's index gives under the same statistics. */
export function scoreHoldings(
  { clauses }: Asked,
  holdings: Iterable<Holding>,
  statistics: ReadonlyMap<Column, ColumnStatistics>,
): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { id, column, length, counts } of holdings) {
    const { rows, length: total, holders } = statistics.get(column) as ColumnStatistics;
    const norm = K1 * (1 - B + (B * length * rows) / total);
    for (const clause of clauses) {
      if (clause.column !== column) continue;
      for (const form of clause.forms) {
        const count = counts.get(form);
        if (count === undefined) continue;
        const holding = holders.get(form) ?? 0;
        const rarity = Math.log(1 + (rows - holding + 0.5) / (holding + 0.5));
        const score = (clause.boost * rarity * count * (K1 + 1)) / (count + norm);
        scores.set(id, (scores.get(id) ?? 0) + score);
      }
    }
  }
  return scores;
}
