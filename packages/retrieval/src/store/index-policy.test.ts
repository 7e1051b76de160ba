import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planMaintenance, type TableState, vectorIndexSettings } from "./index-policy.ts";

const policy = { exactSearchRows: 50_000, smallRows: 10_000 };
const state = (rows: number, rest: Partial<TableState> = {}): TableState => ({
  rows,
  unindexed: 0,
  fragments: 1,
  filterIndexes: rows > 10_000,
  trainedRows: undefined,
  ...rest,
});
const changed = { changed: true };

describe("planMaintenance", () => {
  test("a small table has its keyword indexes made anew when it changed, and no others", () => {
    expect(planMaintenance(state(500), policy, changed)).toEqual({
      rebuildKeywords: true,
      optimize: false,
      makeFilterIndexes: false,
      vectorIndex: "keep",
    });
    expect(planMaintenance(state(500), policy, { changed: false }).rebuildKeywords).toBe(false);
    expect(planMaintenance(state(500, { unindexed: 1 }), policy, { changed: false }).rebuildKeywords).toBe(
      true,
    );
  });

  test("a larger one waits until 5 % of it is unindexed or 25 pieces have gathered", () => {
    expect(planMaintenance(state(20_000, { unindexed: 1000 }), policy, changed).optimize).toBe(false);
    expect(planMaintenance(state(20_000, { unindexed: 1001 }), policy, changed).optimize).toBe(true);
    expect(planMaintenance(state(20_000, { fragments: 25 }), policy, changed).optimize).toBe(true);
    expect(planMaintenance(state(20_000, { filterIndexes: false }), policy, changed).makeFilterIndexes).toBe(
      true,
    );
  });

  test("the vector index comes above the limit, is trained anew at twice its rows, and goes at half the limit", () => {
    const vector = (rows: number, trainedRows?: number) =>
      planMaintenance(state(rows, { trainedRows }), policy, changed).vectorIndex;
    expect([vector(50_000), vector(50_001), vector(99_999, 50_001), vector(100_002, 50_001)]).toEqual([
      "keep",
      "train",
      "keep",
      "train",
    ]);
    expect([vector(30_000, 60_000), vector(24_999, 60_000)]).toEqual(["keep", "drop"]);
  });

  test("asked for all, it compacts and makes the keyword indexes anew whatever the size", () => {
    expect(
      planMaintenance(state(80_000, { trainedRows: 70_000 }), policy, { changed: false, all: true }),
    ).toEqual({
      rebuildKeywords: true,
      optimize: true,
      makeFilterIndexes: false,
      vectorIndex: "keep",
    });
  });

  test("what was just done is not asked for again", () => {
    fc.assert(
      fc.property(
        fc.nat(300_000),
        fc.option(fc.nat(300_000), { nil: undefined }),
        fc.nat(100_000),
        (rows, trained, exact) => {
          const plan = planMaintenance(
            state(rows, { trainedRows: trained }),
            { ...policy, exactSearchRows: exact },
            changed,
          );
          const after = { keep: trained, train: rows, drop: undefined }[plan.vectorIndex];
          const next = planMaintenance(
            state(rows, { trainedRows: after }),
            { ...policy, exactSearchRows: exact },
            changed,
          );
          expect(next.vectorIndex).toBe("keep");
        },
      ),
    );
  });
});

test("an index has whole bytes for every length of vector", () => {
  for (let dimensions = 1; dimensions < 1100; dimensions++) {
    for (const rows of [60_000, 200_000])
      expect(dimensions % vectorIndexSettings(rows, dimensions).numSubVectors).toBe(0);
  }
  expect(vectorIndexSettings(60_000, 256)).toEqual({ numPartitions: 15, numSubVectors: 32 });
  expect(vectorIndexSettings(1_000_000, 256)).toEqual({ numPartitions: 244, numSubVectors: 64 });
  expect(vectorIndexSettings(300, 100)).toEqual({ numPartitions: 1, numSubVectors: 10 });
});
