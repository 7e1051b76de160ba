import { ANY_CHUNK, both, holding, sampleOf } from "../store/filter.ts";
import type { HistoryTable } from "../store/history-table.ts";
import type { KeywordClause, LanceTable, TableView } from "../store/lance.ts";
import type { Row } from "../store/rows.ts";
import { type Asked, type ColumnStatistics, createWordReading, readQuestion, scoreHoldings } from "./bm25.ts";
import { documentsInBoth } from "./documents-in-both.ts";
import type { WordForms } from "./word-forms.ts";

/** A state of no more chunks than this is read whole. */
const READ_WHOLE = 2000;
/** Chunks of a larger one whose lengths are taken for those of all. */
const SAMPLE = 1000;
/** Candidates of the live table, times those wanted; more are asked for where these might not do. */
const CANDIDATES = 6;
/** From fewer it could not be told how far the statistics of today are from those of then. */
const MIN_CANDIDATES = 200;
const MORE_CANDIDATES = 4;
/** No more candidates than this are read, come what may. */
const MAX_CANDIDATES = 10_000;

export interface PastKeywordParts {
  readonly live: LanceTable;
  readonly history: HistoryTable;
  /** Reads the state, each row once. */
  readonly scan: TableView["scan"];
  readonly forms: WordForms;
  /** Filter: rows of versions that stood at the instant. */
  readonly then: string;
}

interface Scored {
  readonly id: string;
  readonly score: number;
}

/**
 * Chunks of an earlier state that share words with the clauses, by BM25 under the word statistics of that state, best first.
 *
 * Former versions are in no index, so a small state is read whole. Of a large one only that is read which may come first:
 * the best of the live table's chunks that stood then, found by its index and scored anew, and all former versions that stood
 * then. How many rows held a word is counted exactly, by the index and in the former versions; the mean length is that of a
 * sample, the same one each time.
 */
export async function findPastKeywords(
  parts: PastKeywordParts,
  clauses: readonly KeywordClause[],
  filter: string,
  limit: number,
): Promise<Scored[]> {
  const { live, history, forms, then } = parts;
  const asked = await readQuestion(clauses, forms);
  const rows = (await live.count(both(ANY_CHUNK, then))) + (await history.count(both(ANY_CHUNK, then)));
  if (rows <= READ_WHOLE) return findInWhole(parts, asked, filter, limit);
  return findInLarge(parts, clauses, asked, filter, limit, SAMPLE / rows);
}

/** Reads every chunk of the state. */
export async function findInWhole(
  { scan, forms }: PastKeywordParts,
  asked: Asked,
  filter: string,
  limit: number,
): Promise<Scored[]> {
  const readable = await idsOf(scan(filter, ["id"]));
  const reading = createWordReading(asked, forms);
  for await (const batch of scan(ANY_CHUNK, ["id", ...asked.columns])) await reading.add(batch);
  const own = reading.holdings.filter(({ id }) => readable.has(id));
  return best(scoreHoldings(asked, own, reading.statistics), limit);
}

/** Reads what may come first, and this share of the state for its lengths. */
export async function findInLarge(
  parts: PastKeywordParts,
  clauses: readonly KeywordClause[],
  asked: Asked,
  filter: string,
  limit: number,
  share: number,
): Promise<Scored[]> {
  const { live, history, scan, forms, then } = parts;
  const columns = ["id", "documentId", ...asked.columns];
  // The live table first, as everywhere: what is replaced meanwhile is then found in either, or in both.
  let wanted = Math.max(MIN_CANDIDATES, CANDIDATES * limit);
  const [counted, first] = await Promise.all([
    countLive(parts, asked),
    live.keyword(clauses, both(filter, then), wanted, columns),
  ]);
  const former = createWordReading(asked, forms);
  const sample = createWordReading({ ...asked, words: new Map() }, forms);
  const readSample = async () => {
    for await (const batch of scan(sampleOf(share), columns)) await sample.add(batch);
  };
  const [formerReadable, alsoLive] = await Promise.all([
    idsOf(history.scan(both(filter, then), ["id"])),
    documentsInBoth(parts),
    readSample(),
  ]);
  for await (const batch of history.scan(both(ANY_CHUNK, then), columns)) {
    await former.add(batch.filter(({ documentId }) => !alsoLive.has(documentId)));
  }

  const statistics = new Map(
    asked.columns.map((column) => {
      const standing = counted.get(column) as ColumnStatistics;
      const second = former.statistics.get(column) as ColumnStatistics;
      const { rows: sampled = 0, length = 0 } = sample.statistics.get(column) ?? {};
      const all = standing.rows + second.rows;
      const holders = new Map(standing.holders);
      for (const [form, count] of second.holders) holders.set(form, (holders.get(form) ?? 0) + count);
      return [column, { rows: all, length: sampled > 0 ? (length / sampled) * all : all, holders }];
    }),
  );
  const formerScores = scoreHoldings(
    asked,
    former.holdings.filter(({ id }) => formerReadable.has(id)),
    statistics,
  );
  for (let candidates = first; ; ) {
    const reading = createWordReading(asked, forms);
    await reading.add(candidates);
    const scores = scoreHoldings(asked, reading.holdings, statistics);
    const found = best(new Map([...formerScores, ...scores]), limit);
    if (candidates.length < wanted || wanted >= MAX_CANDIDATES) return found;
    if (isBeyondDoubt(candidates, scores, found, limit)) return found;
    wanted = Math.min(MAX_CANDIDATES, wanted * MORE_CANDIDATES);
    candidates = await live.keyword(clauses, both(filter, then), wanted, columns);
  }
}

/**
 * Whether a row behind the last candidate cannot come among those found. The index ranks by the statistics of today: it is
 * taken to overrate no row behind the candidates more than it does the most underrated one of them.
 */
function isBeyondDoubt(
  candidates: readonly Row[],
  scores: ReadonlyMap<string, number>,
  found: readonly Scored[],
  limit: number,
): boolean {
  let ratio = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const { id, _score } of candidates) {
    const today = Number(_score);
    last = Math.min(last, today);
    ratio = Math.max(ratio, (scores.get(String(id)) ?? 0) / today);
  }
  // Above, not at: equals are ordered by their ids, so all of them must be there.
  return found.length >= limit && (found.at(-1)?.score ?? 0) > last * ratio;
}

/** Rows of the live table that stood then, and how many of them hold each word. */
async function countLive(
  { live, then }: PastKeywordParts,
  asked: Asked,
): Promise<Map<string, ColumnStatistics>> {
  const statistics = new Map<string, ColumnStatistics>();
  for (const column of asked.columns) {
    const words = [...(asked.words.get(column) ?? [])];
    const [rows, ...counts] = await Promise.all([
      live.count(both(holding(column), then)),
      ...words.map(([, word]) => live.holders(word, column, then)),
    ]);
    const holders = new Map(words.map(([form], i) => [form, counts[i] ?? 0]));
    statistics.set(column, { rows, length: 0, holders });
  }
  return statistics;
}

async function idsOf(batches: AsyncIterable<readonly Row[]>): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const batch of batches) for (const { id } of batch) ids.add(String(id));
  return ids;
}

/** Equals by id. */
function best(scores: ReadonlyMap<string, number>, limit: number): Scored[] {
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}
