import { createRequire } from "node:module";
import type * as Arrow from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { plainRows } from "./rows.ts";
import { rowsToArrow } from "./rows-to-arrow.ts";

const arrow: typeof Arrow = createRequire(import.meta.url)("apache-arrow");

const field = (name: string, type: Arrow.DataType, nullable = false) => new arrow.Field(name, type, nullable);
const schema = new arrow.Schema([
  field("id", new arrow.Utf8()),
  field("terms", new arrow.Utf8(), true),
  field("ordinal", new arrow.Int32()),
  field("validFrom", new arrow.Int64()),
  field("validTo", new arrow.Int64(), true),
  field("roles", new arrow.List(field("item", new arrow.Utf8(), true))),
  field("vector", new arrow.FixedSizeList(3, field("item", new arrow.Float32(), true)), true),
]);
const columns = schema.fields.map(({ name }) => String(name));
const text = fc.string({ unit: "grapheme", maxLength: 20 });
const row = fc.record({
  id: text,
  terms: fc.option(text),
  ordinal: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  validFrom: fc.nat(),
  validTo: fc.option(fc.nat()),
  roles: fc.array(text, { maxLength: 4 }),
  vector: fc.option(fc.float32Array({ minLength: 3, maxLength: 3, noNaN: true })),
});
/** As a query gives them: several batches, through Arrow's stream format. */
const batched = (pieces: readonly (readonly object[])[]) =>
  new arrow.Table(
    pieces.flatMap((rows) => {
      const table = rowsToArrow(arrow, schema, rows as Record<string, unknown>[]);
      return arrow.tableFromIPC(arrow.tableToIPC(table)).batches;
    }),
  );

test("rows come back as they were put in, from one batch and from several, whole and cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(row, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
      fc.nat(),
      (pieces, any) => {
        const all = pieces.flat();
        const table = batched(pieces);
        expect(plainRows(table, columns)).toEqual(all);
        const from = any % all.length;
        expect(plainRows(table.slice(from), columns)).toEqual(all.slice(from));
      },
    ),
    { numRuns: 100 },
  );
});

test("a column that is not there holds nothing, and no rows are none", () => {
  const table = batched([[{ id: "a", terms: null, ordinal: 0, validFrom: 0, roles: [], vector: null }]]);
  expect(plainRows(table, ["id", "other"])).toEqual([{ id: "a", other: undefined }]);
  expect(plainRows(new arrow.Table([]), columns)).toEqual([]);
});
