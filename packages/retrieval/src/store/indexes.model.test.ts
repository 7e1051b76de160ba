import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Access, type Principal, permits, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRetriever } from "../retriever.ts";
import type { IndexPolicy } from "./index-policy.ts";
import { type LanceDatabase, openDatabase } from "./lance.ts";
import { writeManifest } from "./manifest.ts";
import type { WriterTurn } from "./writer-turn.ts";

const admin: Principal = { tenant: "default", roles: ["administrator"] };
const ROLES = ["hr", "it's", "sales", "one in fifty"];
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "indexes-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A store whose tables count as large from the first row on. */
async function open(
  policy: Partial<IndexPolicy> = {},
  name = "store",
): Promise<{ knowledge: Retriever; database: LanceDatabase }> {
  const database = await openDatabase(join(root, name));
  const embedder = createFakeEmbedder();
  await writeManifest(database, embedder);
  const indexPolicy = { smallRows: 10, exactSearchRows: 256, ...policy };
  const exclusively = <Result>(_: unknown, work: (turn: WriterTurn) => Promise<Result>) =>
    work({ check: async () => {} });
  const currentWriter = async () => undefined;
  const parts = { location: join(root, name), database, embedder, vectorWeight: 0.5, alone: true };
  return { knowledge: createRetriever({ ...parts, indexPolicy, exclusively, currentWriter }), database };
}

const rolesOf = (number: number, round: number): string[] => [
  ...(number % 50 === round ? ["one in fifty"] : []),
  ...ROLES.slice(0, 3).filter((_, i) => (number + round) % (i + 2) === 0),
];
const page = (number: number, round: number) => ({
  uri: `${number}.md`,
  text: `# Page ${number}\n\nThe zebra number ${number} eats grass.`,
  roles: rolesOf(number, round),
});
const pages = (round: number) => Array.from({ length: 300 }, (_, number) => page(number, round));

/** Each principal finds the passages the one-line rule permits, and no other. */
async function expectAccess(knowledge: Retriever, roundOf: (number: number) => number): Promise<void> {
  for (const roles of [["administrator"], ["hr"], ["it's"], ["one in fifty"], ["it's", "one in fifty"], []]) {
    const principal = { tenant: "default", roles };
    const permitted = pages(0).flatMap(({ uri }, number) => {
      const access: Access = { tenant: "default", roles: rolesOf(number, roundOf(number)) };
      return permits(access, principal) ? [uri] : [];
    });
    for (const mode of ["vector", "keyword", "hybrid"] as const) {
      const { passages } = await knowledge.search({ query: "zebra grass", principal, mode, topK: 200 });
      const found = passages.map(({ uri }) => uri);
      expect(found.filter((uri) => !permitted.includes(uri))).toEqual([]);
      expect(found.length).toBe(Math.min(200, permitted.length));
    }
  }
}

test("with indexes on filters and vectors, every principal finds what is permitted and nothing else", async () => {
  const { knowledge } = await open();
  await using _ = knowledge;
  await knowledge.upsert(pages(0));
  expect(await knowledge.optimize?.()).toMatchObject({ rows: 600, vectorSearch: "approximate" });
  await expectAccess(knowledge, () => 0);
  // Changed rules wait outside the indexes, and hold all the same.
  await knowledge.upsert(pages(1).slice(0, 20));
  await expectAccess(knowledge, (number) => (number < 20 ? 1 : 0));
  await knowledge.upsert(pages(1));
  await expectAccess(knowledge, () => 1);
  await knowledge.optimize?.();
  await expectAccess(knowledge, () => 1);
});

test("the vector index comes with the rows, is trained anew when they double, and goes with them", async () => {
  const { knowledge } = await open();
  await using _ = knowledge;
  const vectors = async () => (await knowledge.optimize?.())?.vectorSearch;
  await knowledge.upsert(pages(0).slice(0, 100));
  expect(await vectors()).toBe("exact");
  await knowledge.upsert(pages(0));
  expect(await vectors()).toBe("approximate");
  const more = Array.from({ length: 700 }, (_, number) => page(number, 0));
  await knowledge.upsert(more);
  const { passages } = await knowledge.search({ query: "zebra number 512", principal: admin, topK: 3 });
  expect(passages[0]?.uri).toBe("512.md");
  await knowledge.remove(more.slice(50).map(({ uri }) => uri));
  expect(await vectors()).toBe("exact");
  await expect(knowledge.search({ query: "zebra", principal: admin, topK: 100 })).resolves.toMatchObject({
    passages: { length: 50 },
  });
});

test("optimize leaves a store that ranks as one made anew, and tells what it did", async () => {
  const { knowledge } = await open({ exactSearchRows: 100_000 });
  await using _ = knowledge;
  expect(await knowledge.optimize?.({ tenant: "nobody" })).toMatchObject({ tenant: "nobody", rows: 0 });
  await knowledge.upsert(pages(0));
  await knowledge.upsert(pages(0).map((page) => ({ ...page, text: `${page.text} Quagga.` })));
  const report = await knowledge.optimize?.();
  expect(report).toMatchObject({ tenant: "default", rows: 600, vectorSearch: "exact" });
  expect(report?.rebuilt).toEqual(expect.arrayContaining(["terms", "context", "identifiers"]));
  await expect(knowledge.optimize?.({ tenant: "" })).rejects.toMatchObject({ wrongUse: true });
  await expect(knowledge.optimize?.({ signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "cancelled",
  });
  const order = async (retriever: Retriever) =>
    (
      await retriever.search({ query: "zebra 17 quagga", principal: admin, mode: "keyword", topK: 20 })
    ).passages.map(({ uri }) => uri);
  const before = await order(knowledge);
  const anew = await open({ exactSearchRows: 100_000 }, "anew");
  await using __ = anew.knowledge;
  await anew.knowledge.upsert(pages(0).map((page) => ({ ...page, text: `${page.text} Quagga.` })));
  expect(await order(anew.knowledge)).toEqual(before);
});
