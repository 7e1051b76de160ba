import type * as Lance from "@lancedb/lancedb";
import { plainRows, type Row } from "./rows.ts";
import type { StoreRow } from "./schema.ts";

/** Partitions of a vector index that are searched at least. */
const MIN_PARTITIONS = 20;
/** How many times the wanted rows a vector index gives, before they are compared exactly. Measured, see docs/scale.md. */
const REFINE_FACTOR = 16;

/** What can be read of a table without its keyword indexes. Filters are SQL from `filter.ts`. */
export interface TableReader {
  /** Rows of the nearest vectors, nearest first: exact, or in a large table by its index and then exact among many. */
  nearest(vector: Float32Array, filter: string, limit: number, columns: readonly string[]): Promise<Row[]>;
  select(filter: string, columns: readonly string[]): Promise<Row[]>;
  count(filter: string): Promise<number>;
  /** Of the newest state, whoever made it: it rises with each commit. */
  version(): Promise<number>;
  /** Whole rows, as they are written. */
  rows(filter: string): Promise<StoreRow[]>;
  /** The same as `select`, some thousand rows at a time, for work on more rows than memory should hold. */
  scan(filter: string, columns: readonly string[]): AsyncGenerator<Row[], void, undefined>;
}

/** Makes failures those of the store. */
export type Guard = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** `writeGuard` also makes a call again where the storage did not answer. */
export interface Guards {
  readonly guard: Guard;
  readonly writeGuard: Guard;
}

export function readTable(table: Lance.Table, guard: Guard): TableReader {
  const query = (filter: string, columns: readonly string[]) =>
    table
      .query()
      .where(filter)
      .select([...columns]);
  return {
    nearest: (vector, filter, limit, columns) =>
      guard(async () => {
        // Vectors are of unit length, so the dot product ranks as the cosine does.
        const near = table.query().nearestTo(vector).distanceType("dot").where(filter);
        // Where there is an index. All its partitions are searched, or a selective filter would starve: the default ends
        // with 20 of them. What it finds is compared again by the vectors themselves.
        const query = near.nprobes(MIN_PARTITIONS).maximumNprobes(0).refineFactor(REFINE_FACTOR);
        const names = [...columns, "_distance"];
        return plainRows(await query.select(names).limit(limit).toArrow(), names);
      }),
    select: (filter, columns) =>
      guard(async () => plainRows(await query(filter, columns).toArrow(), columns)),
    count: (filter) => guard(() => table.countRows(filter)),
    version: () => guard(() => table.version()),
    rows: (filter) =>
      guard(async () => {
        const columns = (await table.schema()).fields.map(({ name }) => name);
        return plainRows(await query(filter, columns).toArrow(), columns) as unknown as StoreRow[];
      }),
    async *scan(filter, columns) {
      const batches = query(filter, columns)[Symbol.asyncIterator]();
      for (;;) {
        const next = await guard(() => batches.next());
        if (next.done) return;
        yield plainRows(next.value, columns);
      }
    },
  };
}
