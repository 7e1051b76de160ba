import { expect, test } from "vitest";
import { readStatement } from "./statements.ts";
import { sameValue, type Value } from "./values.ts";

const valuesOf = (text: string): readonly Value[] =>
  readStatement(`we know that ${text} was said`)?.values ?? [];

test.each([
  ["€1,000", "money", 1000],
  ["€2.2 million", "money", 2_200_000],
  ["400 EUR", "money", 400],
  ["$15k", "money", 15_000],
  ["9.1 %", "percent", 9.1],
  ["5 per cent", "percent", 5],
  ["three weeks", "duration", 21 * 86_400],
  ["2 years", "duration", 24],
  ["14:15", "time", 855],
  ["21,500", "number", 21_500],
  ["twelve", "number", 12],
  ["4 March 2014", "date", 0],
  ["2026-02-03", "date", 0],
  ["March 2026", "date", 0],
])("%s is %s", (text, kind, amount) => {
  expect(valuesOf(text)).toMatchObject([{ kind, amount, text }]);
});

test.each(["E-4012", "HF-T2", "the Tarn 2", "version 3", "we may go", "one", "v1.2.3"])(
  "%s has no value",
  (text) => {
    expect(valuesOf(text)).toEqual([]);
  },
);

test.each([
  ["2 weeks", "14 days", true],
  ["1,000 parts", "1000 parts", true],
  ["1 year", "12 months", true],
  ["30 days", "one month", undefined],
  ["€5", "$5", undefined],
  ["€5", "€5.00", true],
  ["€5", "€6", false],
  ["4 March", "4 March 2026", true],
  ["5 March", "4 March 2026", false],
  ["in 2025", "on 4 March", undefined],
  ["2026-03-04", "4 March 2026", true],
])("%s and %s: %s", (a, b, expected) => {
  const [first] = valuesOf(a);
  const [second] = valuesOf(b);
  expect(first && second && sameValue(first, second)).toBe(expected);
});
