import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADMINISTRATOR, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder, createFakeS3, describeAdministration } from "@advisor/contracts/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spawnChild } from "../test/spawn-child.ts";
import { type KnowledgeSettings, openKnowledge } from "./knowledge.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "administration-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (settings: Partial<KnowledgeSettings> = {}) =>
  openKnowledge({ location: join(folder, "store"), embedder: createFakeEmbedder(), ...settings });
const principal = { tenant: "default", roles: [ADMINISTRATOR] };
const find = async (knowledge: Retriever, query: string) =>
  (await knowledge.search({ query, principal, topK: 50 })).passages.map(({ text }) => text);

describeAdministration("LanceDB", async () => open({ location: await mkdtemp(join(folder, "contract-")) }));

describe.each(["a folder", "an object store"])("on %s", (kind) => {
  let s3: Awaited<ReturnType<typeof createFakeS3>>;
  beforeEach(async () => {
    s3 = await createFakeS3();
  });
  afterEach(() => s3.dispose());
  const at = (): Partial<KnowledgeSettings> =>
    kind === "a folder" ? {} : { location: "s3://test/store", storageOptions: s3.storageOptions };
  const files = async () =>
    kind === "a folder" ? readdir(join(folder, "store"), { recursive: true }) : s3.objects.keys;

  test("a removed tenant leaves no file, old states included", async () => {
    await using knowledge = await open(at());
    await knowledge.upsert([{ uri: "a", text: "The lion." }], { tenant: "other" });
    const before = (await files()).filter(
      (name) => name.includes("tenant-") || name.includes("history-"),
    ).length;
    for (let i = 0; i < 3; i++) await knowledge.upsert([{ uri: "a", text: `The zebra ${i}.` }]);
    expect((await files()).filter((name) => name.includes("tenant-")).length).toBeGreaterThan(before);
    await knowledge.removeTenant?.({ principal });
    const after = (await files()).filter((name) => /tenant-|history-|dropped-/.test(name));
    expect(after).toHaveLength(before);
  });

  test("who has the store open finds nothing of a removed tenant, and what is put in afterwards", async () => {
    await using writer = await open(at());
    const text = (i: number) => `The zebra number ${i} eats grass.`;
    await writer.upsert(Array.from({ length: 20 }, (_, i) => ({ uri: `d${i}`, text: text(i) })));
    await using reader = await open({ ...at(), create: false });
    expect(await find(reader, "zebra")).toHaveLength(20);
    let searches = 0;
    const searching = new AbortController();
    const busy = (async () => {
      while (!searching.signal.aborted) {
        const found = await find(reader, "zebra");
        expect([0, 20]).toContain(found.length);
        searches++;
      }
    })();
    await writer.removeTenant?.({ principal });
    await find(reader, "zebra");
    searching.abort();
    await busy;
    expect(searches).toBeGreaterThan(0);
    expect(await find(reader, "zebra")).toEqual([]);
    expect(await find(writer, "zebra")).toEqual([]);
    for (let round = 0; round < 3; round++) {
      await writer.upsert([{ uri: "d0", text: `A new zebra, ${round}.` }]);
      for (const one of [reader, writer])
        expect(await find(one, "zebra")).toEqual([`A new zebra, ${round}.`]);
    }
  });

  test("reindexing makes good indexes that are gone, while searches go on", async () => {
    await using knowledge = await open(at());
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    expect(await knowledge.reindex?.({ principal })).toMatchObject({ documents: 1 });
    expect(await find(knowledge, "zebra")).toEqual(["The zebra is striped."]);
  });
});

test("administration waits for the writer, and gives up in time", async () => {
  await using knowledge = await open({ lockTimeoutMs: 200 });
  await knowledge.upsert([{ uri: "a", text: "The zebra." }]);
  const child = await spawnChild("lock-child.ts", join(folder, "store"), "60000");
  await child.ready;
  await expect(knowledge.removeTenant?.({ principal })).rejects.toMatchObject({ code: "store_locked" });
  await expect(knowledge.reindex?.({ principal })).rejects.toMatchObject({ code: "store_locked" });
  expect(await find(knowledge, "zebra")).toEqual(["The zebra."]);
  child.kill();
  await child.ended;
  await knowledge.removeTenant?.({ principal });
  expect(await find(knowledge, "zebra")).toEqual([]);
});

test("what a removal that was killed left is cleared away by the next writer", async () => {
  await using knowledge = await open();
  const left = join(folder, "store", "dropped-01234567-89ab-cdef-0123-456789abcdef", "data");
  await mkdir(left, { recursive: true });
  await writeFile(join(left, "x.lance"), "old");
  await knowledge.upsert([{ uri: "a", text: "The zebra." }]);
  expect((await readdir(join(folder, "store"))).filter((name) => name.startsWith("dropped-"))).toEqual([]);
});

test("a damaged tenant can be removed", async () => {
  await using knowledge = await open();
  await knowledge.upsert([{ uri: "a", text: "The zebra." }]);
  const table = (await readdir(join(folder, "store"))).find((name) => name.startsWith("tenant-")) ?? "";
  await rm(join(folder, "store", table, "_versions"), { recursive: true });
  await using other = await open();
  await expect(find(other, "zebra")).rejects.toMatchObject({ code: "store_corrupt" });
  await other.removeTenant?.({ principal });
  await other.upsert([{ uri: "a", text: "The lion." }]);
  expect(await find(other, "lion")).toEqual(["The lion."]);
});
