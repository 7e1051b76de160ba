import type * as Arrow from "apache-arrow";
import { rowsToArrow } from "./rows-to-arrow.ts";
import { type StoreRow, storeSchema } from "./schema.ts";

/** A row as a query gave it, by column. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Arrow's rows as plain objects of strings, numbers, arrays, and vectors as they are. Read a column at a time: through
 * Arrow's own row objects, which look each column up by name at every row, it took five times as long.
 */
export function plainRows(data: Arrow.Table | Arrow.RecordBatch, columns: readonly string[]): Row[] {
  const rows = Array.from({ length: data.numRows }, (): Record<string, unknown> => ({}));
  for (const name of columns) {
    const values = columnValues(data.getChild(name));
    for (let index = 0; index < rows.length; index++) {
      (rows[index] as Record<string, unknown>)[name] = values[index];
    }
  }
  return rows;
}

function columnValues(column: Arrow.Vector | null): unknown[] {
  const values: unknown[] = [];
  if (!column) return values;
  const items = column.getChildAt(0);
  // A column's pieces share one vector of items, one piece's behind the other's.
  let base = 0;
  for (const piece of column.data) {
    if (!items) break;
    for (let index = 0; index < piece.length; index++) {
      values.push(piece.getValid(index) ? listValue(piece, index, items, base) : null);
    }
    base += piece.children[0]?.length ?? 0;
  }
  for (let index = 0; !items && index < column.length; index++) {
    const value = column.get(index);
    values.push(typeof value === "bigint" ? Number(value) : value);
  }
  return values;
}

/** One list of a column of lists. Arrow's own way makes a new vector for each, which cost more than all other columns. */
function listValue(
  { valueOffsets, stride, children }: Arrow.Data,
  index: number,
  items: Arrow.Vector,
  base: number,
): unknown {
  const [from, to] = valueOffsets
    ? [valueOffsets[index] as number, valueOffsets[index + 1] as number]
    : [index * stride, (index + 1) * stride];
  const numbers = children[0]?.values;
  if (numbers instanceof Float32Array) return numbers.slice(from, to);
  return Array.from({ length: to - from }, (_, at) => items.get(base + from + at));
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
