import { expect, test } from "vitest";
import { killAtRandom } from "../../test/crash.ts";

// A hundred kills of a larger store: `npm run bench -- crashes`.
test("killed at a sync, a first sync, a reindexing or a removal, the store is whole and the next sync as a clean one", async () => {
  const { killed, ended, problems } = await killAtRandom({ kills: 4, pages: 30, lengthMs: 300 });
  expect(problems).toEqual([]);
  const kills = Object.values(killed).reduce((sum, count) => sum + count);
  expect(kills + ended).toBeGreaterThanOrEqual(4);
  expect(kills).toBeGreaterThanOrEqual(2);
}, 240_000);
