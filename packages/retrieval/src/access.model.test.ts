import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ADMINISTRATOR,
  countFacets,
  type Document,
  type Filter,
  matchesFilter,
  type Principal,
  permits,
  type SearchMode,
} from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openKnowledge } from "./knowledge.ts";

/**
 * Random access graphs against a brute-force oracle: whatever is asked, in every mode, under every filter, the answer is
 * that of a store which never held what the principal may not read.
 */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "access-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const modes: readonly SearchMode[] = ["hybrid", "vector", "keyword"];
const tenants = ["default", "o'brien", "' OR 1=1 --"] as const;
const roleNames = ["hr", "HR", "it", "' OR true --", "a,b", "board"] as const;
const roles = fc.subarray([...roleNames], { maxLength: 3 });
const words = ["zebra", "grass", "plain", "water", "night"];

/** Long enough to be folded when it is repeated. */
const COMMON =
  "The zebra of the wide plain eats grass near the water from early morning until late at night.";

const document = fc.record({
  tenant: fc.constantFrom(...tenants),
  roles,
  sections: fc.integer({ min: 1, max: 4 }),
  copy: fc.boolean(),
  word: fc.constantFrom(...words),
  year: fc.option(fc.integer({ min: 2020, max: 2026 }), { nil: undefined }),
  tags: fc.subarray(["x", "y", "' OR 1=1 --"]),
});
const principal: fc.Arbitrary<Principal> = fc.record({
  tenant: fc.constantFrom(...tenants, "another"),
  roles: fc.oneof({ weight: 5, arbitrary: roles }, { weight: 1, arbitrary: fc.constant([ADMINISTRATOR]) }),
});
const condition: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ key: fc.constant("year"), gte: fc.integer({ min: 2019, max: 2027 }) }),
  fc.record({ key: fc.constant("year"), lt: fc.integer({ min: 2019, max: 2027 }) }),
  fc.record({ key: fc.constant("tags"), equals: fc.constantFrom("x", "' OR 1=1 --", "nothing") }),
  fc.record({ key: fc.constantFrom("year", "tags"), exists: fc.boolean() }),
  fc.record({ uriPrefix: fc.constantFrom("d1", "d", "%") }),
);
const filter: fc.Arbitrary<Filter | undefined> = fc.option(
  fc.oneof(
    condition,
    fc.record({ not: condition }),
    fc.record({ and: fc.tuple(condition, condition) }),
    fc.record({ or: fc.tuple(condition, condition) }),
  ),
  { nil: undefined },
);
const asked = fc.record({
  principal,
  filter,
  query: fc.subarray(words, { minLength: 1 }).map((all) => all.join(" ")),
});

type Made = typeof document extends fc.Arbitrary<infer Value> ? Value : never;

function inputOf({ sections, copy, word, year, tags, roles: allowed }: Made, index: number) {
  const own = Array.from(
    { length: sections },
    (_, i) => `## Part ${i}\n\nThe ${word} of ${index} in part ${i}, zebra.`,
  );
  const text = [...own, ...(copy ? [`## Common\n\n${COMMON}`] : [])].join("\n\n");
  return { uri: `d${index}`, text, roles: allowed, metadata: { tags, ...(year !== undefined && { year }) } };
}

test("searches, counts, facets, filters, neighbours and copies hold what the oracle permits, and all of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(document, { minLength: 1, maxLength: 30 }),
      fc.array(asked, { minLength: 1, maxLength: 8 }),
      async (graph, questions) => {
        const location = await mkdtemp(join(folder, "graph-"));
        await using knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
        const inputs = graph.map(inputOf);
        for (const tenant of tenants) {
          await knowledge.upsert(
            inputs.filter((_, i) => graph[i]?.tenant === tenant),
            { tenant },
          );
        }
        // The store's own documents, read as each tenant's administrator: the oracle decides on these.
        const stored: Document[] = [];
        const chunks = new Map<string, number>();
        for (const tenant of tenants) {
          const admin = { tenant, roles: [ADMINISTRATOR] };
          const { passages } = await knowledge.search({
            query: "zebra",
            principal: admin,
            topK: 200,
            copies: "keep",
            mode: "keyword",
          });
          for (const { documentId } of passages) {
            chunks.set(documentId, (chunks.get(documentId) ?? 0) + 1);
            if (chunks.get(documentId) === 1)
              stored.push((await knowledge.document(documentId, admin)) as Document);
          }
        }
        expect(stored).toHaveLength(graph.length);

        for (const { principal: who, filter: limit, query } of questions) {
          const allowed = stored.filter(
            (each) => permits(each.access, who) && (!limit || matchesFilter(limit, each)),
          );
          const ids = allowed.map(({ id }) => id).sort();
          const request = { principal: who, ...(limit && { filter: limit }) };
          const passages = allowed.reduce((sum, { id }) => sum + (chunks.get(id) ?? 0), 0);
          expect(await knowledge.count?.(request)).toEqual({ documents: allowed.length, passages });
          const by = ["source", "role", { key: "year" }, { key: "tags" }] as const;
          const facets = { ...request, by: [...by], limit: 20 };
          expect(await knowledge.facets?.(facets)).toEqual(countFacets(allowed, facets));

          for (const mode of modes) {
            // Every text holds the word, so allowed recall must be whole.
            const search = { ...request, query: `zebra ${query}`, mode, topK: 200 };
            const all = (await knowledge.search({ ...search, copies: "keep" })).passages;
            expect(all).toHaveLength(passages);
            expect([...new Set(all.map(({ documentId }) => documentId))].sort()).toEqual(ids);

            const folded = (await knowledge.search(search)).passages;
            const named = folded.flatMap(({ id, copies = [] }) => [id, ...copies.map((copy) => copy.id)]);
            expect(named.sort()).toEqual(all.map(({ id }) => id).sort());

            const neighbours = { before: 1, after: 1 };
            const few = (await knowledge.search({ ...search, topK: 3, neighbours })).passages;
            expect(few).toHaveLength(Math.min(3, new Set(few.map(({ id }) => id)).size));
            if (ids.length > 0) expect(few.length).toBeGreaterThan(0);
            for (const { documentId, start, end, text, copies = [] } of few) {
              const document = await knowledge.document(documentId, who);
              expect(document?.text.slice(start, end)).toBe(text);
              for (const copy of [documentId, ...copies.map((each) => each.documentId)])
                expect(ids).toContain(copy);
            }
          }
        }
        await rm(location, { recursive: true, force: true });
      },
    ),
    { numRuns: 8 },
  );
});

test("a passage does not vanish because of a copy that one may not read", async () => {
  const location = await mkdtemp(join(folder, "copy-"));
  await using knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
  await knowledge.upsert([{ uri: "mine", text: COMMON, roles: ["hr"] }]);
  const ask = (mode: SearchMode) =>
    knowledge.search({ query: "zebra", principal: { tenant: "default", roles: ["hr"] }, mode });
  const before = await Promise.all(modes.map(async (mode) => (await ask(mode)).passages));
  await knowledge.upsert(
    Array.from({ length: 5 }, (_, i) => ({ uri: `a${i}`, text: `${COMMON} Zebra!`, roles: ["it"] })),
  );
  expect(await Promise.all(modes.map(async (mode) => (await ask(mode)).passages))).toEqual(before);
});
