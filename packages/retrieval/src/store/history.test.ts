import { expect, test } from "vitest";
import { createHistory } from "./history.ts";
import type { HistoryTable } from "./history-table.ts";
import type { LanceTable } from "./lance.ts";
import type { Row } from "./rows.ts";

/** A table that gives these rows, counts who looks, and moves on when told to. */
function fakeTable(rows: readonly Row[]) {
  let version = 1;
  const table = {
    looks: 0,
    rulesSet: [] as (readonly string[])[],
    ended: 0,
    commit: () => version++,
    version: async () => version,
    select: async () => {
      table.looks++;
      return [...rows];
    },
    count: async () => table.ended,
    setRoles: async (ids: readonly string[]) => {
      table.rulesSet.push(ids);
    },
    upsert: async () => {},
    delete: async () => {
      table.ended = 0;
    },
  };
  return table;
}

function fixture(keepMs: number) {
  const live = fakeTable([{ id: "a", kind: "document", roles: ["staff"] }]);
  const history = fakeTable([{ kind: "document", documentId: "a", roles: [], validTo: 5 }]);
  const parts = { live: live as unknown as LanceTable, history: history as unknown as HistoryTable };
  return { live, history, settled: createHistory({ ...parts, horizon: 0, keepMs, now: () => 1000 }) };
}

test("what a killed writer left is looked for after anybody's commit, not after one's own call that ended well", async () => {
  const { live, history, settled } = fixture(Number.POSITIVE_INFINITY);
  await settled.settle();
  expect(history.rulesSet).toEqual([["a"]]);
  const since = await settled.state();
  await settled.settle(since);
  expect([live.looks, history.looks]).toEqual([1, 1]);
  for (const table of [live, history]) {
    const before = await settled.state();
    table.commit();
    await settled.settle(before);
  }
  expect([live.looks, history.looks]).toEqual([3, 3]);
});

test("versions that grew too old go though nobody wrote", async () => {
  const { history, settled } = fixture(900);
  await settled.settle();
  const since = await settled.state();
  await settled.settle(since);
  expect(history.looks).toBe(2);
  history.ended = 1;
  await settled.settle(since);
  expect(history.looks).toBeGreaterThan(2);
});
