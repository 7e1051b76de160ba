import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as Lance from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";
import { type Cell, openCell, readCell } from "../writers/cell.ts";
import { dropFolder, removeDropped } from "./drop-folder.ts";
import { GONE_ROWS, instantValue, rowsOfDocuments } from "./filter.ts";
import { dropOldStates, eraseRows, type HistoryTable, wrapHistory } from "./history-table.ts";
import type { IndexPolicy, MaintenancePlan } from "./index-policy.ts";
import {
  dropOtherIndexes,
  KEYWORD_COLUMNS,
  type KeywordColumn,
  maintain,
  makeKeywordIndex,
  makeKeywordIndexes,
} from "./indexes.ts";
import { type StorageOptions, secretsOf } from "./location.ts";
import { readingOptions, tryingAgain, writingOptions } from "./object-store.ts";
import { type RawTable, schemaWithVectors, wrapRaw } from "./raw-table.ts";
import { arrowRows, plainRows, type Row } from "./rows.ts";
import { rowOf, type StoreRow, storeSchema } from "./schema.ts";
import { storeFailure } from "./store-failure.ts";
import { type Guard, type Guards, readTable, type TableReader } from "./table-reader.ts";

export type { Row } from "./rows.ts";

/**
 * Limits on LanceDB's caches, which would else grow to 7 GB. At a million chunks the words take 118 MB and the vectors'
 * index 72; with 128 MB for both, a vector query took a third longer.
 */
const INDEX_CACHE_BYTES = 256n * 1024n * 1024n;
const METADATA_CACHE_BYTES = 32n * 1024n * 1024n;
/** More than any table holds: a text query without a limit gives ten rows. */
const MAX_ROWS = 2 ** 31 - 1;

/** Words looked for in one column. No sign in them has a meaning of its own. */
export interface KeywordClause {
  readonly words: string;
  readonly column: KeywordColumn;
  readonly boost: number;
}

/** What a search reads: a tenant's documents as they stand, or as they stood at an instant. */
export interface TableView extends Pick<TableReader, "nearest" | "select" | "scan" | "count"> {
  /**
   * Rows that share words with any of the clauses, by the sum of their BM25 scores, best first. The clause that most rows
   * match costs least as the last.
   */
  keyword(
    clauses: readonly KeywordClause[],
    filter: string,
    limit: number,
    columns: readonly string[],
  ): Promise<Row[]>;
}

/** One tenant's table. Filters are SQL from `filter.ts`. Failures are `StoreError`s. */
export interface LanceTable extends TableView, TableReader {
  /** Puts these rows in place of all rows of these documents, in one commit, whoever else writes. It reads the whole table. */
  replace(rows: readonly StoreRow[], documentIds: readonly string[]): Promise<void>;
  /** The same for the only writer, many times faster in a large table: it looks at these documents' rows alone. */
  exchange(rows: readonly StoreRow[], documentIds: readonly string[]): Promise<void>;
  /** Adds rows of documents of which no row is stored, in one commit. Unlike {@link replace} it does not read the table. */
  append(rows: readonly StoreRow[]): Promise<void>;
  remove(documentIds: readonly string[]): Promise<void>;
  /**
   * Brings the indexes up to date, and now and then compacts and drops old versions; `index-policy.ts` says when. A small
   * store's keyword indexes are then as if made anew, so that removed text counts in no word statistics; in a larger one at
   * most a small share of the rows waits outside them, where it is found all the same. When nothing was `changed` it only
   * makes good what a killed writer left undone.
   */
  tidy(policy: IndexPolicy, changed: boolean): Promise<MaintenancePlan>;
  /** Makes the indexes anew, compacts the table, and drops its old states. */
  rebuild(policy: IndexPolicy): Promise<MaintenancePlan>;
  /** How many rows hold the word, in any form that the column's index takes for the same. */
  holders(word: string, column: KeywordClause["column"], filter: string): Promise<number>;
  /** Words as the column's index holds them, each with the place of its word in the text; stop words are left out. */
  tokenize(
    text: string,
    column: KeywordClause["column"],
  ): Promise<readonly { readonly text: string; readonly position: number }[]>;
  /**
   * Removes rows and rewrites the table and its keyword indexes, so that no file of it holds them any more. The other indexes
   * go; the next writing call makes them again.
   */
  erase(filter: string): Promise<void>;
  close(): void;
}

/** The database: one folder or URI. */
export interface LanceDatabase {
  tableNames(): Promise<string[]>;
  /** Undefined when there is no such table. */
  open(name: string): Promise<LanceTable | undefined>;
  /** Opens the table, or makes it, with its indexes. Only a writer that holds the lock may call it. */
  openOrCreate(name: string, dimensions: number): Promise<LanceTable>;
  /** Undefined when there is no such table. */
  openHistory(name: string): Promise<HistoryTable | undefined>;
  /** Opens the table, or makes it. Only a writer that holds the lock may call it. */
  openOrCreateHistory(name: string, dimensions: number): Promise<HistoryTable>;
  /** Adds the columns of format 4 to a table of format 3, whose rows are taken to stand since `validFrom`. */
  addValidity(name: string, validFrom: number): Promise<void>;
  /** Opens a table of documents to move its rows; undefined when there is none of this name, or it holds none. */
  openRaw(name: string): Promise<RawTable | undefined>;
  /** Makes an empty table for the rows of another one, with vectors of this length. */
  createLike(name: string, source: LanceDatabase, dimensions: number): Promise<void>;
  /** The schema of a table that is there. */
  schemaOf(name: string): Promise<Arrow.Schema>;
  /** Removes every table of documents but these, and leaves what describes the store. */
  dropDocumentTables(keep?: ReadonlySet<string>): Promise<void>;
  /** Removes a table with all of its states. Only a writer that holds the lock may call it. */
  drop(name: string): Promise<void>;
  /** Reads a small table of texts by key; undefined when there is none. */
  readSettings(name: string): Promise<ReadonlyMap<string, string> | undefined>;
  /** Puts these texts in place of all that the table held, in one commit. */
  writeSettings(name: string, settings: ReadonlyMap<string, string>): Promise<void>;
  /** Opens a cell, and makes it when it is missing. */
  openCell(name: string): Promise<Cell>;
  /** What a cell holds; empty when there is none. */
  readCell(name: string): Promise<string>;
  close(): void;
}

interface Libraries {
  readonly lance: typeof Lance;
  readonly arrow: typeof Arrow;
}

let libraries: Promise<Libraries> | undefined;

/** Loads LanceDB, once in a process. Call it early to have it load beside other things. */
function loadLance(): Promise<Libraries> {
  // What it warns of, such as a busy server, comes back as an error when it matters.
  process.env.LANCEDB_LOG ??= "error";
  libraries ??= import("@lancedb/lancedb").then((lance) => {
    // Required, not imported: LanceDB requires it, and an import would load a second copy.
    const arrow: typeof Arrow = createRequire(import.meta.url)("apache-arrow");
    return { lance, arrow };
  });
  return libraries;
}

/** Opens the database. Reads always see the last commit, of this process or another. Options are an object store's. */
export async function openDatabase(location: string, options?: StorageOptions): Promise<LanceDatabase> {
  const secrets = secretsOf(options ?? {});
  const guard: Guard = (work) =>
    work().catch((error: unknown) => {
      throw storeFailure(error, location, secrets);
    });
  const again = options ? tryingAgain(options) : undefined;
  const writeGuard: Guard = again ? (work) => again(() => guard(work)) : guard;
  const { lance, arrow } = await loadLance();
  const connect = (storageOptions?: Record<string, string>) =>
    guard(() =>
      lance.connect(location, {
        readConsistencyInterval: 0,
        session: new lance.Session(INDEX_CACHE_BYTES, METADATA_CACHE_BYTES),
        ...(storageOptions && { storageOptions }),
      }),
    );
  const reading = await connect(options && readingOptions(options));
  let ownWriting: Promise<Lance.Connection> | undefined;
  const writing = async () => {
    if (!options) return reading;
    ownWriting ??= connect(writingOptions(options));
    return ownWriting;
  };
  const tableNames = () => guard(() => reading.tableNames({ limit: 1_000_000 }));
  const open = async (connection: Lance.Connection, name: string): Promise<Lance.Table | undefined> => {
    try {
      return await connection.openTable(name);
    } catch (error) {
      // A folder without a first commit, left by a writer that was killed, is no table either; one with data is damaged.
      if (isAbsent(error)) {
        const holds = options ? (await tableNames()).includes(name) : await holdsData(location, name);
        if (!holds) return undefined;
      }
      throw error;
    }
  };
  const guards = { guard, writeGuard };
  const wrap = (table: Lance.Table) => wrapTable(table, { lance, arrow }, guards, !options);
  const make = (name: string, dimensions: number) =>
    writeGuard(async () => {
      const connection = await writing();
      const existing = await open(connection, name);
      if (existing) return existing;
      return connection.createEmptyTable(name, storeSchema(arrow, dimensions), { existOk: true });
    });
  const drop = (name: string) =>
    writeGuard(async () => {
      if (!options) return dropFolder(location, name);
      await (await writing()).dropTable(name).catch((error) => {
        if (!isAbsent(error)) throw error;
      });
    });
  return {
    tableNames,
    async open(name) {
      const table = await guard(() => open(reading, name));
      return table && wrap(table);
    },
    async openOrCreate(name, dimensions) {
      if (!options) await guard(() => removeDropped(location));
      const table = await make(name, dimensions);
      await writeGuard(() => makeKeywordIndexes(table, lance));
      return wrap(table);
    },
    async openHistory(name) {
      const table = await guard(() => open(reading, name));
      return table && wrapHistory(table, arrow, guards, !options);
    },
    openOrCreateHistory: async (name, dimensions) =>
      wrapHistory(await make(name, dimensions), arrow, guards, !options),
    async addValidity(name, validFrom) {
      await writeGuard(async () => {
        const table = await open(await writing(), name);
        if (!table) return;
        const names = new Set((await table.schema()).fields.map((field) => field.name));
        if (!names.has("validFrom")) {
          await table.addColumns([{ name: "validFrom", valueSql: instantValue(validFrom) }]);
        }
        if (!names.has("validTo")) {
          await table.addColumns(new arrow.Field("validTo", new arrow.Int64(), true));
        }
        table.close();
      });
    },
    async openRaw(name) {
      const table = await guard(() => open(reading, name));
      return table && wrapRaw(table, { lance, arrow }, guards);
    },
    async createLike(name, source, dimensions) {
      const schema = schemaWithVectors(await source.schemaOf(name), dimensions, { lance, arrow });
      await writeGuard(async () => (await writing()).createEmptyTable(name, schema, { existOk: true }));
    },
    schemaOf: (name) => guard(async () => (await reading.openTable(name)).schema()),
    async dropDocumentTables(keep = new Set()) {
      for (const name of (await tableNames()).filter((each) => !keep.has(each))) {
        const table = await guard(() => open(reading, name));
        const ofDocuments = table && (await wrapRaw(table, { lance, arrow }, guards));
        // A folder goes at one moment, objects one by one.
        if (options) await ofDocuments?.clear();
        table?.close();
        if (ofDocuments) await drop(name);
      }
    },
    drop,
    readSettings: (name) =>
      guard(async () => {
        const table = await reading.openTable(name).catch((error) => {
          if (isAbsent(error)) return undefined;
          throw error;
        });
        const rows = await table?.query().select(["key", "value"]).toArray();
        return rows && new Map(rows.map((row) => [String(row.key), String(row.value)]));
      }),
    async writeSettings(name, settings) {
      const rows = [...settings].map(([key, value]) => ({ key, value }));
      const there = (await tableNames()).includes(name);
      await writeGuard(async () =>
        (await writing()).createTable(name, rows, there ? { mode: "overwrite" } : { existOk: true }),
      );
    },
    openCell: (name) =>
      writeGuard(async () => guardedCell(await openCell(await writing(), name), guard, writeGuard)),
    readCell: (name) => guard(() => readCell(reading, name)),
    close: () => {
      reading.close();
      ownWriting?.then((connection) => connection.close()).catch(() => {});
    },
  };
}

/** What LanceDB says of a table that is not there, or whose first commit is not. */
function isAbsent(error: unknown): boolean {
  return /was not found|dataset .*not found/i.test((error as Error).message);
}

function guardedCell(cell: Cell, guard: Guard, writeGuard: Guard): Cell {
  return {
    read: () => writeGuard(cell.read),
    swap: (expected, next) => writeGuard(() => cell.swap(expected, next)),
    prune: () => guard(cell.prune),
    close: cell.close,
  };
}

async function holdsData(location: string, table: string): Promise<boolean> {
  const files = await readdir(join(location, `${table}.lance`, "data")).catch(() => []);
  return files.length > 0;
}

function wrapTable(
  table: Lance.Table,
  { lance, arrow }: Libraries,
  { guard, writeGuard }: Guards,
  locked: boolean,
): LanceTable {
  let indexed = false;
  const isIndexed = async () => {
    if (indexed) return true;
    const columns = new Set((await table.listIndices()).flatMap((index) => index.columns));
    indexed = KEYWORD_COLUMNS.every((column) => columns.has(column));
    return indexed;
  };
  return {
    ...readTable(table, guard),
    keyword: (clauses, filter, limit, columns) =>
      guard(async () => {
        // Without its indexes a table is empty still: its maker was killed, or is at it.
        if (!(await isIndexed())) return [];
        // Query classes take the words as words: no sign in a question has a meaning of its own.
        const matches = clauses.map(
          ({ words, column, boost }): Lance.FullTextQuery => new lance.MatchQuery(words, column, { boost }),
        );
        // Two at a time: three terms are added in any order, which changes the last bits and so the order of equals.
        const sum = matches.reduce(
          (left, right) =>
            new lance.BooleanQuery([
              [lance.Occur.Should, left],
              [lance.Occur.Should, right],
            ]),
        );
        const query = table.query().fullTextSearch(sum).where(filter);
        const names = [...columns, "_score"];
        return plainRows(await query.select(names).limit(limit).toArrow(), names);
      }),
    holders: (word, column, filter) =>
      guard(async () => {
        if (!(await isIndexed())) return 0;
        const query = table.query().fullTextSearch(new lance.MatchQuery(word, column)).where(filter);
        return (await query.select(["_score"]).limit(MAX_ROWS).toArrow()).numRows;
      }),
    replace: (rows, documentIds) =>
      writeGuard(async () => {
        const data = arrowRows(arrow, await table.schema(), rows);
        await table
          .mergeInsert("id")
          .whenMatchedUpdateAll()
          .whenNotMatchedInsertAll()
          .whenNotMatchedBySourceDelete({ where: rowsOfDocuments(documentIds) })
          .useIndex(false)
          .execute(data);
      }),
    exchange: (rows, documentIds) =>
      guard(async () => {
        if (rows.length === 0) return;
        const kept = new Set(rows.map(({ id }) => id));
        const before = await table
          .query()
          .where(rowsOfDocuments(documentIds))
          .select(["id", "documentId"])
          .toArray();
        const gone = before
          .map((row) => ({ id: String(row.id), documentId: String(row.documentId) }))
          .filter(({ id }) => !kept.has(id))
          .map((names) => rowOf({ ...names, kind: "gone" }));
        // One commit takes the old text from readers and gives them the new one. What is left of the old one they do not see,
        // and it is swept up after it.
        await table
          .mergeInsert("id")
          .whenMatchedUpdateAll()
          .whenNotMatchedInsertAll()
          .useIndex(false)
          .execute(arrowRows(arrow, await table.schema(), [...rows, ...gone]));
        if (gone.length > 0) await table.delete(GONE_ROWS);
      }),
    append: (rows) =>
      // Never tried again: an attempt whose answer was lost would add its rows twice.
      guard(async () => {
        await table.add(arrowRows(arrow, await table.schema(), rows));
      }),
    remove: (documentIds) =>
      writeGuard(async () => {
        await table.delete(rowsOfDocuments(documentIds));
      }),
    rebuild: (policy) => writeGuard(() => maintain(table, lance, policy, { changed: false, all: true })),
    tidy: (policy, changed) => writeGuard(() => maintain(table, lance, policy, { changed })),
    tokenize: (text, column) => guard(() => table.tokenize(text, { column })),
    erase: (filter) =>
      writeGuard(async () => {
        await dropOtherIndexes(table);
        await eraseRows(table, filter, locked);
        for (const column of KEYWORD_COLUMNS) await makeKeywordIndex(table, lance, column);
        await dropOldStates(table, locked);
      }),
    close: () => table.close(),
  };
}
