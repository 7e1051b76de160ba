import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Access, type Principal, permits, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRetriever } from "../retriever.ts";
import type { WriterTurn } from "../writers/writer-turn.ts";
import type { IndexPolicy } from "./index-policy.ts";
import { type LanceDatabase, openDatabase } from "./lance.ts";
import { newManifest, tableName } from "./manifest.ts";

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
  const indexPolicy = { smallRows: 10, exactSearchRows: 256, ...policy };
  const exclusively = <Result>(_: unknown, work: (turn: WriterTurn) => Promise<Result>) =>
    work({ check: async () => {} });
  const currentWriter = async () => undefined;
  const currentManifest = async () => newManifest(embedder);
  const close = () => database.close();
  const keepVersions = async () => "none" as const;
  const parts = { location: join(root, name), database, embedder, vectorWeight: 0.5, alone: true };
  return {
    knowledge: createRetriever({
      ...parts,
      indexPolicy,
      exclusively,
      currentWriter,
      currentManifest,
      close,
      now: Date.now,
      keepVersions,
    }),
    database,
  };
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
  await knowledge.reindex?.({ principal: admin });
  await expectAccess(knowledge, () => 0);
  // Changed rules wait outside the indexes, and hold all the same.
  await knowledge.upsert(pages(1).slice(0, 20));
  await expectAccess(knowledge, (number) => (number < 20 ? 1 : 0));
  await knowledge.upsert(pages(1));
  await expectAccess(knowledge, () => 1);
  await knowledge.reindex?.({ principal: admin });
  await expectAccess(knowledge, () => 1);
});

test("the vector index comes with the rows, is trained anew when they double, and goes with them", async () => {
  const { knowledge, database } = await open();
  await using _ = knowledge;
  /** Drops the vector index; tells whether there was one. */
  const drop = async () => {
    const table = await database.open(tableName("default"));
    const plan = await table?.tidy({ smallRows: 10, exactSearchRows: 1_000_000 }, false);
    table?.close();
    return plan?.vectorIndex === "drop";
  };
  await knowledge.upsert(pages(0).slice(0, 100));
  expect(await drop()).toBe(false);
  await knowledge.upsert(pages(0));
  expect(await drop()).toBe(true);
  await knowledge.reindex?.({ principal: admin });
  const more = Array.from({ length: 700 }, (_, number) => page(number, 0));
  await knowledge.upsert(more);
  const { passages } = await knowledge.search({ query: "zebra number 512", principal: admin, topK: 3 });
  expect(passages[0]?.uri).toBe("512.md");
  await knowledge.remove(more.slice(50).map(({ uri }) => uri));
  expect(await drop()).toBe(false);
  const rest = await knowledge.search({ query: "zebra", principal: admin, topK: 100 });
  expect(rest.passages).toHaveLength(50);
});

test("reindexing leaves a store that ranks as one made anew", async () => {
  const { knowledge } = await open({ exactSearchRows: 100_000 });
  await using _ = knowledge;
  const changed = pages(0).map((each) => ({ ...each, text: `${each.text} Quagga.` }));
  await knowledge.upsert(pages(0));
  await knowledge.upsert(changed);
  await knowledge.reindex?.({ principal: admin });
  const anew = await open({ exactSearchRows: 100_000 }, "anew");
  await using __ = anew.knowledge;
  await anew.knowledge.upsert(changed);
  const request = { query: "zebra 17 quagga", principal: admin, mode: "keyword", topK: 20 } as const;
  const order = async (retriever: Retriever) =>
    (await retriever.search(request)).passages.map(({ uri }) => uri);
  expect(await order(knowledge)).toEqual(await order(anew.knowledge));
});

test("what is purged is in no file of the indexes either, and the next writing call makes them again", async () => {
  const { knowledge, database } = await open();
  await using _ = knowledge;
  const secret = { ...page(900, 0), metadata: { project: "quaggacode" }, roles: ["onlyrole4711"] };
  await knowledge.upsert([...pages(0), secret]);
  await knowledge.reindex?.({ principal: admin });
  expect(await filesWith("onlyrole4711")).not.toEqual([]);
  await knowledge.purge?.([{ uri: secret.uri }], admin);
  expect(await filesWith("onlyrole4711")).toEqual([]);
  expect(await filesWith("quaggacode")).toEqual([]);
  await knowledge.upsert([page(901, 0)]);
  expect((await knowledge.search({ query: "zebra", principal: admin, topK: 200 })).passages).toHaveLength(
    200,
  );
  const table = await database.open(tableName("default"));
  expect(await table?.tidy({ smallRows: 10, exactSearchRows: 1_000_000 }, false)).toMatchObject({
    vectorIndex: "drop",
    makeFilterIndexes: false,
  });
  table?.close();
});

async function filesWith(text: string): Promise<string[]> {
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const file of files) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}
