import type * as Lance from "@lancedb/lancedb";
import {
  type IndexPolicy,
  type MaintenancePlan,
  planMaintenance,
  type TableState,
  vectorIndexSettings,
} from "./index-policy.ts";

/** Columns with a keyword index, which LanceDB names after them. */
export const KEYWORD_COLUMNS = ["terms", "context", "identifiers"] as const;
export type KeywordColumn = (typeof KEYWORD_COLUMNS)[number];
const indexOf = (column: KeywordColumn) => `${column}_idx`;
/** Columns that filters name: an index gives the rows of a value without reading the others. */
const FILTER_COLUMNS = ["kind", "tenant", "roles", "facts"] as const;
/** The vector index is named after the rows it was trained on, which LanceDB does not tell. */
const VECTOR_INDEX = /^vector_(\d+)$/;
/** Rounds of k-means: more change recall by less than 0.01. */
const TRAINING_ROUNDS = 10;
/** Longest identifier that is indexed; the default of 40 would drop hashes and paths. */
const MAX_IDENTIFIER_LENGTH = 256;
/** Old versions of a table are kept this long, so that a search under way in another process can end. */
const KEEP_VERSIONS_MS = 60 * 1000;
/** What a key is refused with when there is one already. */
const HAS_KEY = /already|primary key/i;

/** The keyword indexes and the key that keeps two writers from inserting one row twice. Does nothing when they are there. */
export async function makeKeywordIndexes(table: Lance.Table, lance: typeof Lance): Promise<void> {
  const names = new Set((await table.listIndices()).map((index) => index.name));
  const missing = KEYWORD_COLUMNS.filter((column) => !names.has(indexOf(column)));
  if (missing.length === 0) return;
  if (names.size === 0) {
    await table.setUnenforcedPrimaryKey("id").catch((error: Error) => {
      if (!HAS_KEY.test(error.message)) throw error;
    });
  }
  for (const column of missing) await makeKeywordIndex(table, lance, column);
}

/** Words: English stemming and stop words, accents folded; other languages are matched by their whole words. */
export function makeKeywordIndex(
  table: Lance.Table,
  lance: typeof Lance,
  column: KeywordColumn,
): Promise<void> {
  const words: Partial<Lance.FtsOptions> = { baseTokenizer: "simple", withPosition: false };
  const identifiers: Partial<Lance.FtsOptions> = {
    baseTokenizer: "whitespace",
    stem: false,
    removeStopWords: false,
    asciiFolding: false,
    maxTokenLength: MAX_IDENTIFIER_LENGTH,
    withPosition: false,
  };
  const config = lance.Index.fts(column === "identifiers" ? identifiers : words);
  return table.createIndex(column, { config, replace: true });
}

/** Brings a table's indexes to what its size asks for, and tells what that was. Only a writer that holds the lock may call it. */
export async function maintain(
  table: Lance.Table,
  lance: typeof Lance,
  policy: IndexPolicy,
  wanted: { readonly changed: boolean; readonly all?: boolean },
): Promise<MaintenancePlan> {
  const { state, dimensions, vectorIndexes, filterColumns } = await readState(table);
  const { rows } = state;
  const plan = planMaintenance(state, policy, wanted);
  if (plan.rebuildKeywords) {
    for (const column of KEYWORD_COLUMNS) await makeKeywordIndex(table, lance, column);
  }
  if (plan.optimize) {
    // Files of no version are mostly a killed writer's leavings. A writer on another machine that stood still, and lost its
    // turn, may yet commit them, so LanceDB lets them lie for a week.
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
  }
  if (plan.makeFilterIndexes) {
    for (const { column, isList } of filterColumns) {
      const config = isList ? lance.Index.labelList() : lance.Index.bitmap();
      await table.createIndex(column, { config, replace: true });
    }
  }
  if (plan.vectorIndex === "train") {
    const settings = { ...vectorIndexSettings(rows, dimensions), maxIterations: TRAINING_ROUNDS };
    const config = lance.Index.ivfPq({ distanceType: "dot", ...settings });
    // A name of its own: until it is there, searches go on with the one before.
    await table.createIndex("vector", { config, name: `vector_${rows}`, replace: true });
  }
  if (plan.vectorIndex !== "keep") {
    const old = vectorIndexes.filter((name) => plan.vectorIndex === "drop" || name !== `vector_${rows}`);
    for (const name of old) await table.dropIndex(name);
  }
  return plan;
}

/** Drops all indexes but those of words: their files name rows and vectors. */
export async function dropOtherIndexes(table: Lance.Table): Promise<void> {
  const words = new Set<string>(KEYWORD_COLUMNS.map(indexOf));
  for (const { name } of await table.listIndices()) if (!words.has(name)) await table.dropIndex(name);
}

async function readState(table: Lance.Table) {
  const [rows, indices, { fragmentStats }, schema] = await Promise.all([
    table.countRows(),
    table.listIndices(),
    table.stats(),
    table.schema(),
  ]);
  const columns = new Set(indices.flatMap((index) => index.columns));
  const vectorIndexes = indices.filter((index) => index.columns.includes("vector")).map(({ name }) => name);
  const trained = vectorIndexes.map((name) => Number(VECTOR_INDEX.exec(name)?.[1] ?? Number.NaN));
  const filterColumns = FILTER_COLUMNS.flatMap((column) => {
    const field = schema.fields.find(({ name }) => name === column);
    return field ? [{ column, isList: /list/i.test(String(field.type)) }] : [];
  });
  const vector = schema.fields.find(({ name }) => name === "vector")?.type as
    | { listSize?: number }
    | undefined;
  const state: TableState = {
    rows,
    unindexed: indices.find(({ name }) => name === indexOf("terms"))?.numUnindexedRows ?? rows,
    fragments: fragmentStats.numFragments,
    filterIndexes: filterColumns.every(({ column }) => columns.has(column)),
    // Two of them, from a killed writer: the newer one stays.
    trainedRows: trained.length > 0 ? Math.max(0, ...trained.filter(Number.isFinite)) : undefined,
  };
  return { state, dimensions: vector?.listSize ?? 0, vectorIndexes, filterColumns };
}
