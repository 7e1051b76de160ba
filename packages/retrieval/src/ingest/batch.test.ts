import { describe, expect, test } from "vitest";
import { createBatchLimits, createDocumentBatch } from "./batch.ts";
import type { PreparedDocument } from "./prepare.ts";

const document = (id: string, rowCount: number, length = 100): PreparedDocument => ({
  id,
  uri: id,
  version: id,
  roles: [],
  rowCount,
  length,
  texts: [],
  warnings: [],
  rows: () => [],
});
function fill(limits: ReturnType<typeof createBatchLimits>, rowCount: number, length = 100): number {
  const batch = createDocumentBatch();
  let documents = 0;
  while (!limits.full(batch)) batch.add(document(String(documents++), rowCount, length), true);
  return documents;
}

describe("a batch", () => {
  test("counts header rows, knows its documents and whether all are new", () => {
    const batch = createDocumentBatch();
    batch.add(document("a", 3), true);
    expect([batch.rows, batch.isNew, batch.has("a"), batch.has("b")]).toEqual([4, true, true, false]);
    batch.add(document("b", 0), false);
    expect([batch.rows, batch.isNew, batch.ids]).toEqual([5, false, ["a", "b"]]);
  });

  test("is full by rows, which follow the embedder's speed, and by characters", () => {
    const limits = createBatchLimits();
    expect(fill(limits, 3)).toBe(64);
    // A table of word vectors: as many rows as memory allows.
    limits.measured(200, 20);
    expect(fill(limits, 3)).toBe(1024);
    // 20 ms a text: five seconds of work.
    limits.measured(200, 4_000);
    expect(fill(limits, 3)).toBe(63);
    // So slow that a commit's own cost does not count: not smaller still.
    limits.measured(1, 60_000);
    expect(fill(limits, 3)).toBe(32);
    limits.measured(0, 60_000);
    expect(fill(limits, 3)).toBe(32);
    limits.measured(200, 20);
    expect(fill(limits, 3, 4 * 1024 * 1024)).toBe(2);
  });
});
