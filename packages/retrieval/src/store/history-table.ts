import type * as Lance from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";
import { rolesValue, rowsOfDocuments } from "./filter.ts";
import { arrowRows } from "./rows.ts";
import type { StoreRow } from "./schema.ts";
import { type Guards, readTable, type TableReader } from "./table-reader.ts";

/** A table of more pieces than this is compacted, which rewrites it. It is read seldom, so later than the live one. */
const MAX_FRAGMENTS = 64;
/** Old states of the table itself go after this long, so that a read under way in another process can end. */
const KEEP_STATES_MS = 60 * 1000;

/** The former versions of one tenant's documents. It has no index: an index would make each writing call dearer. */
export interface HistoryTable extends TableReader {
  /** Adds these rows, in place of those of the same id and beginning. */
  upsert(rows: readonly StoreRow[]): Promise<void>;
  /** Gives all former versions of these documents one rule. */
  setRoles(documentIds: readonly string[], roles: readonly string[]): Promise<void>;
  delete(filter: string): Promise<void>;
  /** Removes rows and rewrites the table, so that no file of it holds them any more. */
  erase(filter: string): Promise<void>;
  /** Now and then compacts the table and drops its old states. */
  tidy(): Promise<void>;
  close(): void;
}

/** With `locked` an erasure takes files of no state too: they can only be a killed writer's leavings. */
export function wrapHistory(
  table: Lance.Table,
  arrow: typeof Arrow,
  { guard, writeGuard }: Guards,
  locked: boolean,
): HistoryTable {
  return {
    ...readTable(table, guard),
    upsert: (rows) =>
      writeGuard(async () => {
        if (rows.length === 0) return;
        await table
          .mergeInsert(["id", "validFrom"])
          .whenMatchedUpdateAll()
          .whenNotMatchedInsertAll()
          .useIndex(false)
          .execute(arrowRows(arrow, await table.schema(), rows));
      }),
    setRoles: (documentIds, roles) =>
      writeGuard(async () => {
        if (documentIds.length === 0) return;
        await table.update({
          where: rowsOfDocuments(documentIds),
          valuesSql: { roles: rolesValue(roles) },
        });
      }),
    delete: (filter) =>
      writeGuard(async () => {
        await table.delete(filter);
      }),
    erase: (filter) => writeGuard(() => eraseRows(table, filter, locked)),
    tidy: () =>
      writeGuard(async () => {
        const { fragmentStats } = await table.stats();
        if (fragmentStats.numFragments <= MAX_FRAGMENTS) return;
        await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_STATES_MS) });
      }),
    close: () => table.close(),
  };
}

/**
 * Removes rows, and then the files that held them. A deletion alone only marks rows, and compaction leaves a file in which
 * few are marked as it is: so every row is written anew, and all older states of the table go.
 */
export async function eraseRows(table: Lance.Table, filter: string, locked: boolean): Promise<void> {
  await table.delete(filter);
  if ((await table.countRows()) > 0) {
    await table.update({ where: "true", valuesSql: { validFrom: "validFrom" } });
  }
  await dropOldStates(table, locked);
}

/** Drops every state of the table but the present one, and with `locked` the files of no state. */
export async function dropOldStates(table: Lance.Table, locked: boolean): Promise<void> {
  // A little ahead: states are stamped more finely than in milliseconds, and by the clock of the storage.
  const cleanupOlderThan = new Date(Date.now() + KEEP_STATES_MS);
  await table.optimize({ cleanupOlderThan, deleteUnverified: locked });
}
