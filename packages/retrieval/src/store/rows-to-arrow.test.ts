import { createRequire } from "node:module";
import type * as Arrow from "apache-arrow";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowsToArrow } from "./rows-to-arrow.ts";

const arrow: typeof Arrow = createRequire(import.meta.url)("apache-arrow");

const field = (name: string, type: Arrow.DataType, nullable = false) => new arrow.Field(name, type, nullable);
const schema = new arrow.Schema([
  field("id", new arrow.Utf8()),
  field("terms", new arrow.Utf8(), true),
  field("ordinal", new arrow.Int32()),
  field("roles", new arrow.List(field("item", new arrow.Utf8(), true))),
  field("live", new arrow.Bool()),
  field("vector", new arrow.FixedSizeList(3, field("item", new arrow.Float32(), true)), true),
]);
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const row = fc.record({
  id: text,
  terms: fc.option(text),
  ordinal: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  roles: fc.array(text, { maxLength: 4 }),
  live: fc.boolean(),
  vector: fc.option(fc.float32Array({ minLength: 3, maxLength: 3, noNaN: true })),
});
const plain = (value: unknown): unknown =>
  typeof value === "object" && value !== null && Symbol.iterator in value
    ? [...(value as Iterable<unknown>)]
    : value;

describe("rowsToArrow", () => {
  test("gives back what was put in, through Arrow's stream format too", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 70 }), (rows) => {
        const table = rowsToArrow(arrow, schema, rows);
        for (const read of [table, arrow.tableFromIPC(arrow.tableToIPC(table))]) {
          expect(read.numRows).toBe(rows.length);
          for (const [index, expected] of rows.entries()) {
            const got = read.get(index)?.toJSON() ?? {};
            for (const [name, value] of Object.entries(expected))
              expect(plain(got[name])).toEqual(plain(value));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("refuses a vector of another length and a missing value", () => {
    const good = { id: "a", terms: null, ordinal: 0, roles: [], live: true, vector: null };
    expect(() => rowsToArrow(arrow, schema, [{ ...good, vector: new Float32Array(4) }])).toThrow(/4 numbers/);
    expect(() => rowsToArrow(arrow, schema, [{ ...good, id: null }])).toThrow(/column id/);
  });
});
