import type { KeywordClause } from "../store/lance.ts";
import type { Row } from "../store/rows.ts";
import type { WordForms } from "./word-forms.ts";

/** Parameters of the engine's index, and of S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework" (2009). */
const K1 = 1.2;
const B = 0.75;

interface ColumnStatistics {
  rows: number;
  length: number;
  /** Rows that hold each word of the question. */
  readonly holders: Map<string, number>;
}

/** A row's length in a column, and how often it holds each word of the question. */
interface Holding {
  readonly id: string;
  readonly column: string;
  readonly length: number;
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * BM25 of those rows among `scored` that share a word with any of the clauses, by id: the scores the engine's index gives,
 * computed by reading every row once. Word statistics are those of all the rows. A row without text in a column counts
 * not in it.
 */
export async function scoreKeywords(
  clauses: readonly KeywordClause[],
  batches: AsyncIterable<readonly Row[]>,
  scored: ReadonlySet<string>,
  forms: WordForms,
): Promise<Map<string, number>> {
  const asked: { column: KeywordClause["column"]; boost: number; words: readonly string[] }[] = [];
  for (const { words, column, boost } of clauses) {
    asked.push({ column, boost, words: (await forms.read([words], column))[0] ?? [] });
  }
  const columns = [...new Set(asked.map(({ column }) => column))];
  const wanted = new Map(
    columns.map((column) => [
      column,
      new Set(asked.filter((clause) => clause.column === column).flatMap(({ words }) => words)),
    ]),
  );
  const statistics = new Map(
    columns.map((column): [string, ColumnStatistics] => [column, { rows: 0, length: 0, holders: new Map() }]),
  );
  const holdings: Holding[] = [];
  const seen = new Set<string>();
  for await (const batch of batches) {
    // A version that a killed writer left in both tables is one version.
    const rows = batch.filter(({ id }) => !seen.has(String(id)));
    for (const { id } of rows) seen.add(String(id));
    for (const column of columns) {
      const held = rows.filter((row) => typeof row[column] === "string");
      const texts = await forms.read(
        held.map((row) => String(row[column])),
        column,
      );
      const sum = statistics.get(column) as ColumnStatistics;
      for (const [i, words] of texts.entries()) {
        sum.rows++;
        sum.length += words.length;
        const counts = new Map<string, number>();
        for (const word of words) {
          if (wanted.get(column)?.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
        }
        if (counts.size === 0) continue;
        for (const word of counts.keys()) sum.holders.set(word, (sum.holders.get(word) ?? 0) + 1);
        const id = String(held[i]?.id);
        if (scored.has(id)) holdings.push({ id, column, length: words.length, counts });
      }
    }
  }
  const scores = new Map<string, number>();
  for (const { id, column, length, counts } of holdings) {
    const { rows, length: total, holders } = statistics.get(column) as ColumnStatistics;
    const norm = K1 * (1 - B + (B * length * rows) / total);
    for (const clause of asked) {
      if (clause.column !== column) continue;
      for (const word of clause.words) {
        const count = counts.get(word);
        if (count === undefined) continue;
        const holding = holders.get(word) ?? 0;
        const rarity = Math.log(1 + (rows - holding + 0.5) / (holding + 0.5));
        const score = (clause.boost * rarity * count * (K1 + 1)) / (count + norm);
        scores.set(id, (scores.get(id) ?? 0) + score);
      }
    }
  }
  return scores;
}
