import type * as Lance from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";
import { rowsOfDocuments } from "./filter.ts";

/** A row with values as they are written back: 64-bit integers stay what they are. */
export type RawRow = Readonly<Record<string, unknown>>;

/** A table of documents whatever its other columns are, for work that moves rows without reading them. */
export interface RawTable {
  readonly columns: readonly string[];
  /** Goes up with each commit. */
  version(): Promise<number>;
  /** All rows, some thousand at a time. */
  scan(columns: readonly string[]): AsyncGenerator<readonly RawRow[], void, undefined>;
  /** All rows of these documents, all columns. */
  rows(documentIds: readonly string[]): Promise<RawRow[]>;
  /** Puts these rows in place of all rows of these documents, in one commit. */
  replace(rows: readonly RawRow[], documentIds: readonly string[]): Promise<void>;
  /**
   * Removes all rows and every former state of the table. Whoever reads it from then on sees it empty: were its files
   * removed at once, a reader could meet with a former state, and with rules that hold no more.
   */
  clear(): Promise<void>;
  close(): void;
}

interface Libraries {
  readonly lance: typeof Lance;
  readonly arrow: typeof Arrow;
}
type Guard = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Undefined when it is no table of documents and vectors. */
export async function wrapRaw(
  table: Lance.Table,
  { lance }: Libraries,
  { guard, writeGuard }: Readonly<Record<"guard" | "writeGuard", Guard>>,
): Promise<RawTable | undefined> {
  const schema = await guard(() => table.schema());
  const columns = schema.fields.map(({ name }) => name);
  if (!["id", "documentId", "vector"].every((name) => columns.includes(name))) return undefined;
  // Former versions of a row share its id.
  const keys = ["id", "validFrom"].filter((name) => columns.includes(name));
  const query = (names: readonly string[]) => table.query().select([...names]);
  return {
    columns,
    version: () => guard(() => table.version()),
    async *scan(names) {
      const batches = query(names)[Symbol.asyncIterator]();
      for (;;) {
        const next = await guard(() => batches.next());
        if (next.done) return;
        yield [...next.value].map((row) => rawRow(row, names));
      }
    },
    rows: (documentIds) =>
      guard(async () => {
        const found = await query(columns).where(rowsOfDocuments(documentIds)).toArray();
        return found.map((row) => rawRow(row, columns));
      }),
    replace: (rows, documentIds) =>
      writeGuard(async () => {
        const where = rowsOfDocuments(documentIds);
        if (rows.length === 0) return void (await table.delete(where));
        await table
          .mergeInsert(keys)
          .whenMatchedUpdateAll()
          .whenNotMatchedInsertAll()
          .whenNotMatchedBySourceDelete({ where })
          .useIndex(false)
          .execute(lance.makeArrowTable([...rows], { schema }));
      }),
    clear: () =>
      writeGuard(async () => {
        await table.delete("true");
        await table.optimize({ cleanupOlderThan: new Date(), deleteUnverified: true });
      }),
    close: () => table.close(),
  };
}

/** The schema of a table for the same rows with vectors of another length. */
export function schemaWithVectors(
  schema: Arrow.Schema,
  dimensions: number,
  { arrow }: Libraries,
): Arrow.Schema {
  const item = new arrow.Field("item", new arrow.Float32(), true);
  return new arrow.Schema(
    schema.fields.map(({ name, type, nullable }) =>
      name === "vector"
        ? new arrow.Field(name, new arrow.FixedSizeList(dimensions, item), true)
        : new arrow.Field(name, type, nullable),
    ),
  );
}

function rawRow(row: RawRow, columns: readonly string[]): RawRow {
  return Object.fromEntries(
    columns.map((column) => {
      const value = row[column];
      const list = typeof value === "object" && value !== null && Symbol.iterator in value;
      return [column, list ? Array.from(value as Iterable<unknown>) : value];
    }),
  );
}
