import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADMINISTRATOR, type Principal } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openKnowledge } from "../knowledge.ts";
import { clausesOf } from "../search/keyword-leg.ts";
import { chunkFilter, stoodAt } from "../store/filter.ts";
import { openDatabase } from "../store/lance.ts";
import { asOfView } from "./as-of.ts";
import { readQuestion } from "./bm25.ts";
import { findInLarge, findInWhole } from "./past-keywords.ts";
import { createWordForms } from "./word-forms.ts";

let folder: string;
let clock = Date.UTC(2026, 0, 1);
const states: number[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "past-keywords-"));
  await using store = await openKnowledge({
    location: folder,
    embedder: createFakeEmbedder(),
    now: () => clock,
    keepVersions: "forever",
  });
  const words = [
    "zebra",
    "lions",
    "grass",
    "running",
    "water",
    "trees",
    "naïve",
    "E-4012",
    "night",
    "--flag",
  ];
  const page = (i: number, round: number) => ({
    uri: `d${i}`,
    roles: i % 3 === 0 ? ["hr"] : ["staff"],
    text: `# Page ${words[(i + round) % 10]}\n\n${words
      .map((word, j) => `${word} `.repeat((i * (j + 3) + round * (j + 1)) % 5))
      .join("")} number ${i}`,
  });
  const put = async (pages: readonly ReturnType<typeof page>[]) => {
    clock += 1000;
    await store.upsert(pages);
    states.push(clock);
  };
  await put(Array.from({ length: 400 }, (_, i) => page(i, 0)));
  await put(Array.from({ length: 40 }, (_, i) => page(i * 7, 1)));
  await put(Array.from({ length: 60 }, (_, i) => page(i * 11, 2)));
  clock += 1000;
  await store.remove(["d5", "d7", "d11"]);
  states.push(clock);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const principals: readonly Principal[] = [[ADMINISTRATOR], ["hr"], ["staff"], ["nobody"]].map((roles) => ({
  tenant: "default",
  roles,
}));

test("by the index and the former versions an earlier state gives what it gives when every word of it is read", async () => {
  const database = await openDatabase(folder);
  const names = await database.tableNames();
  const live = await database.open(names.find((name) => name.startsWith("tenant-")) ?? "");
  const history = await database.openHistory(names.find((name) => name.startsWith("history-")) ?? "");
  if (!live || !history) throw new Error("no tables");
  const forms = createWordForms(live);
  const query = fc
    .subarray(
      ["zebra", "lion", "grass", "run", "water", "naive", "E-4012", "page", "number 7", "unheard-of"],
      {
        minLength: 1,
      },
    )
    .map((words) => words.join(" "));
  await fc.assert(
    fc.asyncProperty(
      query,
      fc.constantFrom(...states),
      fc.constantFrom(...principals),
      fc.integer({ min: 1, max: 60 }),
      async (text, instant, principal, limit) => {
        const then = stoodAt(instant);
        const { scan } = asOfView({ live, history, forms, instant });
        const parts = { live, history, scan, forms, then };
        const clauses = clausesOf(text);
        const asked = await readQuestion(clauses, forms);
        const filter = chunkFilter(principal);
        const whole = await findInWhole(parts, asked, filter, limit);
        const found = await findInLarge(parts, clauses, asked, filter, limit, 1);
        expect(found.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
        for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(whole[i]?.score ?? 0, 6);
        // With the lengths of a sample alone, what is found is nearly as good.
        const some = await findInLarge(parts, clauses, asked, filter, limit, 0.3);
        expect(some).toHaveLength(whole.length);
        const scores = new Map(
          (await findInWhole(parts, asked, filter, 1000)).map(({ id, score }) => [id, score]),
        );
        const least = whole.at(-1)?.score ?? 0;
        for (const { id } of some) expect(scores.get(id)).toBeGreaterThan(0.85 * least);
      },
    ),
    { numRuns: 15 },
  );
  live.close();
  history.close();
  database.close();
});
