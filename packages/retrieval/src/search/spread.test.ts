import fc from "fast-check";
import { expect, test } from "vitest";
import { spread } from "./spread.ts";

interface Item {
  readonly id: number;
  readonly document: string;
  readonly score: number;
}
const documentOf = ({ document }: Item) => document;
const ranked = fc
  .array(
    fc.record({
      document: fc.constantFrom("a", "b", "c"),
      score: fc.double({ min: 0.001, max: 1, noNaN: true }),
    }),
    { maxLength: 30 },
  )
  .map((items) => items.sort((x, y) => y.score - x.score).map((item, id): Item => ({ ...item, id })));

test("another document comes before a second passage that is hardly better, and not before one that is far ahead", () => {
  const ids = (scores: [string, number][]) =>
    [
      ...spread(
        scores.map(([document, score], id) => ({ id, document, score })),
        documentOf,
      ),
    ].map(({ id }) => id);
  expect(
    ids([
      ["a", 1],
      ["a", 0.8],
      ["b", 0.75],
    ]),
  ).toEqual([0, 2, 1]);
  expect(
    ids([
      ["a", 1],
      ["a", 0.9],
      ["b", 0.75],
    ]),
  ).toEqual([0, 1, 2]);
  expect(
    ids([
      ["a", 1],
      ["a", 0.95],
      ["a", 0.9],
      ["b", 0.75],
    ]),
  ).toEqual([0, 1, 3, 2]);
});

test("the best stays first, scores fall and never rise above what they were, and nothing is lost or doubled", () => {
  fc.assert(
    fc.property(ranked, (items) => {
      const chosen = [...spread(items, documentOf)];
      expect(chosen).toHaveLength(items.length);
      expect(new Set(chosen.map(({ id }) => id)).size).toBe(chosen.length);
      expect(chosen[0]).toEqual(items[0]);
      for (const [i, { id, score }] of chosen.entries()) {
        expect(score).toBeLessThanOrEqual(chosen[i - 1]?.score ?? 1);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(items[id]?.score ?? 0);
      }
    }),
  );
});

test("within a document, and over documents with one passage each, the order stays", () => {
  fc.assert(
    fc.property(ranked, (items) => {
      for (const document of ["a", "b", "c"]) {
        const ids = (list: readonly Item[]) =>
          list.filter((x) => x.document === document).map(({ id }) => id);
        expect(ids([...spread(items, documentOf)])).toEqual(ids(items));
      }
      expect([...spread(items, ({ id }) => String(id))]).toEqual(items);
    }),
  );
});
