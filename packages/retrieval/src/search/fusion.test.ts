import fc from "fast-check";
import { expect, test } from "vitest";
import { fuse } from "./fusion.ts";

const list = fc.uniqueArray(fc.stringMatching(/^[a-j]$/), { maxLength: 10 });

test("the ends of the weight are the legs themselves", () => {
  fc.assert(
    fc.property(list, list, (keyword, vector) => {
      expect(fuse(keyword, vector, 0).map(({ id }) => id)).toEqual(keyword);
      expect(fuse(keyword, vector, 1).map(({ id }) => id)).toEqual(vector);
    }),
  );
});

test("scores are in (0, 1], fall with the position, and come from ranks alone", () => {
  fc.assert(
    fc.property(list, list, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (keyword, vector, weight) => {
      const fused = fuse(keyword, vector, weight);
      expect(new Set(fused.map(({ id }) => id))).toEqual(new Set([...keyword, ...vector]));
      for (const [i, { id, score, ranks }] of fused.entries()) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(score).toBeLessThanOrEqual(fused[i - 1]?.score ?? 1);
        expect((ranks.keyword ?? 0) - 1).toBe(keyword.indexOf(id));
        expect((ranks.vector ?? 0) - 1).toBe(vector.indexOf(id));
      }
    }),
  );
});

test("what both legs rank higher is never fused lower", () => {
  fc.assert(
    fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (ids, weight) => {
      expect(fuse(ids, ids, weight).map(({ id }) => id)).toEqual(ids);
    }),
  );
});

test("a strong leg's first place stands against a weak leg's", () => {
  expect(fuse(["a", "b", "c"], ["c", "b", "a"], 0.2)[0]?.id).toBe("a");
  expect(fuse(["a", "b", "c"], ["c", "b", "a"], 0.8)[0]?.id).toBe("c");
});
