import {
  type Filter,
  type FilterValue,
  filterSchema,
  type Metadata,
  matchesFilter,
  type RangeFilter,
} from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalTerm, existsTerm, factsOf, rangeTerms } from "./facts.ts";
import { metadataFilter } from "./filter.ts";

const key = fc.constantFrom("a", "a=", "b", "year", "constructor", "' OR 1=1 --");
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(0, -0, 0.1, -0.1, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53),
);
const date = fc.oneof(
  fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .chain((moment) =>
      fc.constantFrom(
        moment.toISOString(),
        moment.toISOString().slice(0, 10),
        moment.toISOString().slice(0, 16),
      ),
    ),
  fc.constantFrom(
    "2026-03-01",
    "2026-03-01T00:00",
    "2026-03-01T23:59:59.999Z",
    "2026-02-28T23:30-01:00",
    "1969-12-31",
  ),
);
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("", "x".repeat(400), "20", "true", "null", "c=d"),
);
const value: fc.Arbitrary<FilterValue> = fc.oneof(number, date, text, fc.boolean(), fc.constant(null));
const metadata: fc.Arbitrary<Metadata> = fc.dictionary(
  key,
  fc.oneof(
    value,
    fc.array(
      value.filter((item) => item !== null),
      { maxLength: 3 },
    ),
  ) as fc.Arbitrary<Metadata[string]>,
  { maxKeys: 4 },
);
const bounds = ["gt", "gte", "lt", "lte"] as const;
const range: fc.Arbitrary<RangeFilter> = fc
  .tuple(key, fc.constantFrom(number, date), fc.subarray([...bounds], { minLength: 1, maxLength: 2 }))
  .chain(([name, bound, used]) =>
    fc.tuple(...used.map(() => bound)).map((limits) => ({
      key: name,
      ...Object.fromEntries(used.map((each, i) => [each, limits[i]])),
    })),
  );

describe("facts hold what a filter asks", () => {
  const holds = (facts: readonly string[], terms: readonly string[]) =>
    terms.some((term) => facts.includes(term));

  test("equality, existence and ranges are those of the oracle", () => {
    fc.assert(
      fc.property(metadata, key, value, range, (about, name, wanted, between) => {
        const facts = factsOf(about);
        const oracle = (filter: Filter) =>
          matchesFilter(filter, { id: "", uri: "", source: "", metadata: about });
        expect(holds(facts, [equalTerm(name, wanted)])).toBe(oracle({ key: name, equals: wanted }));
        expect(holds(facts, [existsTerm(name)])).toBe(oracle({ key: name, exists: true }));
        expect(holds(facts, rangeTerms(between))).toBe(oracle(between));
      }),
      { numRuns: 2000 },
    );
  });

  test("a range around a value holds it, whatever its size", () => {
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        const [low, middle, high] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
        const facts = factsOf({ a: middle });
        expect(holds(facts, rangeTerms({ key: "a", gte: low, lte: high }))).toBe(true);
        expect(holds(facts, rangeTerms({ key: "a", gt: low, lt: high }))).toBe(low < middle && middle < high);
        expect(rangeTerms({ key: "a", gt: low, lt: high }).length).toBeLessThanOrEqual(466);
      }),
      { numRuns: 2000 },
    );
  });

  test("a text with a lone surrogate is stored, and no filter can ask for it", () => {
    expect(factsOf({ a: "\ud800" }).join("")).not.toMatch(/\p{Cs}/u);
    expect(filterSchema.safeParse({ key: "a", equals: "\ud800" }).success).toBe(false);
  });
});

test("whatever a filter says, it stays inside its quotes", () => {
  const condition: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ key: text.filter(Boolean), equals: text }),
    fc.record({ key, in: fc.array(value, { minLength: 1, maxLength: 3 }) }),
    range,
    fc.record({ source: text.filter(Boolean) }),
    fc.record({ uriPrefix: text.filter(Boolean) }),
    fc.record({ documentIds: fc.array(text, { minLength: 1, maxLength: 3 }) }),
  );
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { depthSize: "small" },
      condition,
      fc.record({ and: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ not: tie("filter") }),
    ),
  }));
  fc.assert(
    fc.property(filter, (given) => {
      const outside = metadataFilter(given).replace(/'(?:[^']|'')*'/g, "?");
      expect(outside).toMatch(
        /^(?:\?|array_has_any\(facts, \[|\]\)|starts_with\(uri, |source = |documentId IN |NOT | AND | OR |, |false|[()])*$/,
      );
    }),
  );
});
