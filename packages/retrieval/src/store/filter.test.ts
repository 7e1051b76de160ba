import { ADMINISTRATOR } from "@advisor/contracts";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  accessFilter,
  chunkFilter,
  documentFilter,
  headerFilter,
  literal,
  rowsOfDocuments,
} from "./filter.ts";

/** Reads literals out of SQL as DataFusion does: quotes doubled inside, nothing else special. */
function skeleton(sql: string): { shape: string; values: string[] } {
  const values: string[] = [];
  const shape = sql.replace(/'((?:[^']|'')*)'/g, (_, inner: string) => {
    values.push(inner.replaceAll("''", "'"));
    return "?";
  });
  return { shape, values };
}

const hostile = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc
    .array(
      fc.constantFrom("'", "''", "\\", ";", "--", ")", "]", " OR ", "true", "\n", '"', "/*", "?", "$1", "%"),
      { maxLength: 8 },
    )
    .map((a) => a.join("")),
);

test("a value never leaves its quotes", () => {
  fc.assert(
    fc.property(hostile, (value) => {
      expect(skeleton(`a = ${literal(value)} AND b`)).toEqual({ shape: "a = ? AND b", values: [value] });
    }),
  );
});

test("the shape of a filter depends on the number of roles alone", () => {
  fc.assert(
    fc.property(hostile, fc.array(hostile, { minLength: 1, maxLength: 5 }), (tenant, roles) => {
      fc.pre(!roles.includes(ADMINISTRATOR));
      const list = roles.map(() => "?").join(", ");
      expect(skeleton(accessFilter({ tenant, roles }))).toEqual({
        shape: `tenant = ? AND array_has_any(roles, [${list}])`,
        values: [tenant, ...roles],
      });
    }),
  );
});

test("nobody without a role, everybody of the tenant for its administrator", () => {
  expect(accessFilter({ tenant: "t", roles: [] })).toBe("false");
  expect(accessFilter({ tenant: "t", roles: ["x", ADMINISTRATOR] })).toBe("tenant = 't'");
  expect(chunkFilter({ tenant: "t", roles: ["x"] })).toBe(
    "kind = 'chunk' AND tenant = 't' AND array_has_any(roles, ['x'])",
  );
  expect(documentFilter("0'", { tenant: "t", roles: [] })).toBe("kind = 'document' AND id = '0''' AND false");
  expect(headerFilter("it's")).toBe("kind = 'document' AND source = 'it''s'");
  expect(rowsOfDocuments([])).toBe("false");
  expect(rowsOfDocuments(["a", "b'"])).toBe("documentId IN ('a', 'b''')");
});

test("a lone surrogate is refused, it would be stored as another sign", () => {
  expect(() => literal("\ud800")).toThrow("surrogate");
});
