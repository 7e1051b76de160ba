import type * as Arrow from "apache-arrow";
import { rowsToArrow } from "./rows-to-arrow.ts";
import { type StoreRow, storeSchema } from "./schema.ts";

/** A row as a query gave it, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** Arrow's rows as plain objects of strings, numbers and arrays. */
export function plainRows(rows: readonly Record<string, unknown>[], columns: readonly string[]): Row[] {
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, plainValue(row[column])])));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  const list = typeof value === "object" && value !== null && Symbol.iterator in value;
  return list ? Array.from(value as Iterable<unknown>) : value;
}

/** Rows as the table of this schema takes them. */
export function arrowRows(
  arrow: typeof Arrow,
  table: { fields: { name: string; type: { listSize?: number } }[] },
  rows: readonly StoreRow[],
): Arrow.Table {
  const dimensions = table.fields.find((field) => field.name === "vector")?.type.listSize ?? 0;
  return rowsToArrow(arrow, storeSchema(arrow, dimensions), rows as readonly object[] as readonly Row[]);
}
