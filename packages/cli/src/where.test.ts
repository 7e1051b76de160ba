import { describe, expect, test } from "vitest";
import { filterOf } from "./where.ts";

const where = (...conditions: string[]) => filterOf({ where: conditions });

describe("--where", () => {
  test.each([
    ["product=Tarn 2", { key: "product", in: ["Tarn 2"] }],
    ["year=2024", { key: "year", in: ["2024", 2024] }],
    ["draft = true", { key: "draft", in: ["true", true] }],
    ["owner=null", { key: "owner", in: ["null", null] }],
    ["product=a, b\\, c", { key: "product", in: ["a", "b, c"] }],
    ["formula=a=b", { key: "formula", in: ["a=b"] }],
    ["empty=", { key: "empty", in: [""] }],
    ["year!=2024", { not: { key: "year", in: ["2024", 2024] } }],
    ["year>=2024", { key: "year", gte: 2024 }],
    ["price<-1.5e3", { key: "price", lt: -1500 }],
    ["reviewBy<=2027-01-01", { key: "reviewBy", lte: "2027-01-01" }],
    ["day>2026-01-01T10:00Z", { key: "day", gt: "2026-01-01T10:00Z" }],
    ["draft", { key: "draft", exists: true }],
    ["!draft", { key: "draft", exists: false }],
  ])("%s", (condition, filter) => {
    expect(where(condition)).toEqual(filter);
  });

  test("several, and a path, must all hold; none is no filter", () => {
    expect(filterOf({ where: ["a=b", "c"], under: "hr/" })).toEqual({
      and: [{ key: "a", in: ["b"] }, { key: "c", exists: true }, { uriPrefix: "hr/" }],
    });
    expect(where()).toBeUndefined();
  });

  test.each(["", "=x", ">3", "year>soon", "day<2026-02-30", "a!", `k${"x".repeat(200)}=1`])(
    "wrong use is named: %s",
    (condition) => {
      expect(() => where(condition)).toThrow(`--where ${condition}`);
    },
  );
});
