import type * as Lance from "@lancedb/lancedb";
import { cellFilter } from "../store/filter.ts";

/** One text that all processes share, changed only from what its changer has seen. */
export interface Cell {
  /** Empty at first. */
  read(): Promise<string>;
  /** False when it is `expected` no more: then nothing was changed. */
  swap(expected: string, next: string): Promise<boolean>;
  /** Drops the versions that the changes left behind. */
  prune(): Promise<void>;
  close(): void;
}

/** Past states are kept this long: nobody reads one for longer. */
const KEEP_VERSIONS_MS = 60_000;

/**
 * A cell as a table of one row. An update that meets another one on its row is done anew by LanceDB on the row as it then
 * is, where its condition holds no more: of many swaps at once one succeeds. It holds wherever LanceDB can commit.
 */
export async function openCell(connection: Lance.Connection, name: string): Promise<Cell> {
  const table = await openOrCreate(connection, name);
  const read = () => heldBy(table);
  return {
    read,
    async swap(expected, next) {
      let failure: unknown;
      try {
        const { rowsUpdated } = await table.update({ where: cellFilter(expected), values: { value: next } });
        if (rowsUpdated > 0) return true;
      } catch (error) {
        failure = error;
      }
      // When the answer to a commit is lost on its way, it is tried again and meets itself. Each value is written once.
      const now = await read();
      if (now === expected && failure !== undefined) throw failure;
      return now === next;
    },
    async prune() {
      await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
    },
    close: () => table.close(),
  };
}

/** What a cell holds, without making it: empty when there is none. */
export async function readCell(connection: Lance.Connection, name: string): Promise<string> {
  const table = await open(connection, name);
  const value = table ? await heldBy(table) : "";
  table?.close();
  return value;
}

async function heldBy(table: Lance.Table): Promise<string> {
  return String((await table.query().select(["value"]).toArray())[0]?.value ?? "");
}

async function open(connection: Lance.Connection, name: string): Promise<Lance.Table | undefined> {
  try {
    return await connection.openTable(name);
  } catch (error) {
    if (/not found/i.test((error as Error).message)) return undefined;
    throw error;
  }
}

async function openOrCreate(connection: Lance.Connection, name: string): Promise<Lance.Table> {
  const existing = await open(connection, name);
  if (existing) return existing;
  try {
    // The row is there from the first commit on: there is no moment with none, or with two.
    return await connection.createTable(name, [{ value: "" }]);
  } catch (error) {
    const made = await open(connection, name);
    if (made) return made;
    throw error;
  }
}
