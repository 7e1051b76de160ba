import { access, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ADMINISTRATOR, DEFAULT_PRINCIPAL, type Embedder, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder, createFakeS3 } from "@advisor/contracts/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spawnChild } from "../../test/spawn-child.ts";
import { openKnowledge } from "../knowledge.ts";
import { type ReembedSettings, reembedKnowledge } from "./reembed.ts";

let root: string;
let location: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "reembed-"));
  location = join(root, "store");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const old = () => createFakeEmbedder();
const other = (dimensions = 48) => createFakeEmbedder({ id: "other", dimensions });
const open = (embedder: Embedder = old(), create = true) => openKnowledge({ location, embedder, create });
const reembed = (settings: Partial<ReembedSettings> = {}) =>
  reembedKnowledge({ location, embedder: other(), ...settings });

const page = (i: number, words = "") => ({
  uri: `page-${i}.md`,
  text: `# Page ${i}\n\nThe fox of page ${i} ran. ${words} Number E-${4000 + i} is a fox.\n`,
  roles: i % 2 === 0 ? ["even"] : ["odd"],
});
const pages = (count: number) => Array.from({ length: count }, (_, i) => page(i));

/** What every leg finds for an administrator and a role, with the order of each. */
async function everything(knowledge: Retriever, query = "fox of page 3 E-4003") {
  const found: unknown[] = [];
  for (const principal of [
    DEFAULT_PRINCIPAL,
    { tenant: "default", roles: ["even"] },
    { tenant: "b", roles: [ADMINISTRATOR] },
  ]) {
    for (const mode of ["vector", "keyword", "hybrid"] as const) {
      const { passages } = await knowledge.search({ query, principal, mode, topK: 200 });
      found.push(
        passages.map(({ id, uri, start, text, version, score }) => ({
          id,
          uri,
          start,
          text,
          version,
          score,
        })),
      );
    }
  }
  return found;
}

/** The same documents in a store that knew the new embedder from the start. */
async function fresh(fill: (knowledge: Retriever) => Promise<unknown>) {
  await using knowledge = await openKnowledge({ location: join(root, "fresh"), embedder: other() });
  await fill(knowledge);
  return await everything(knowledge);
}

/** Runs a step before the embedder's n-th call. */
function interrupted(embedder: Embedder, at: number, step: () => Promise<unknown>): Embedder {
  let calls = 0;
  return {
    ...embedder,
    async embed(...call) {
      if (++calls === at) await step();
      return embedder.embed(...call);
    },
  };
}

const tables = async () => (await readdir(location)).filter((name) => name.startsWith("tenant-"));

describe("reembedKnowledge", () => {
  test("gives the store that the new embedder would have made, with the same ids and places", async () => {
    const fill = async (knowledge: Retriever) => {
      await knowledge.upsert(pages(20));
      await knowledge.upsert(pages(3), { tenant: "b" });
      await knowledge.remove(["page-7.md"]);
    };
    {
      await using knowledge = await open();
      await fill(knowledge);
    }
    const report = await reembed();
    expect(report).toMatchObject({
      from: { id: "fake-embedder", dimensions: 64 },
      to: { id: "other", dimensions: 48 },
      documents: 22,
      warnings: [],
    });
    expect(report.chunks).toBe(22);
    expect(report.bytes?.before).toBeGreaterThan(1000);
    expect(report.bytes?.after).toBeGreaterThan(1000);
    await using knowledge = await open(other(), false);
    expect(await everything(knowledge)).toEqual(await fresh(fill));
    expect(await knowledge.status()).toMatchObject({
      embedder: { id: "other", dimensions: 48 },
      tenants: [
        { tenant: "b", documents: 3 },
        { tenant: "default", documents: 19 },
      ],
    });
    // The old vectors are gone, and the old embedder is refused.
    expect(await tables()).toEqual([]);
    await expect(open()).rejects.toMatchObject({ code: "store_embedder_mismatch" });
    // It goes on living: writing, and another move, and back.
    await knowledge.upsert([page(30)]);
    await knowledge.dispose();
    await reembed({ embedder: old() });
    await using back = await open(old(), false);
    expect((await back.status()).tenants).toMatchObject([{ documents: 3 }, { documents: 20 }]);
    expect((await readdir(location)).filter((name) => name.startsWith("generation-"))).toEqual([
      "generation-2",
    ]);
  });

  test("meanwhile the old embedder searches and writes, and what it writes is caught up with", async () => {
    await using knowledge = await open();
    await knowledge.upsert(pages(170));
    const before = await everything(knowledge);
    const changes = async (each: Retriever) => {
      await each.upsert([page(3, "It jumps now."), page(500)]);
      await each.upsert([{ ...page(5), roles: ["even"] }]);
      await each.remove(["page-9.md"]);
      await each.upsert(pages(2), { tenant: "c" });
    };
    const embedder = interrupted(other(), 5, async () => {
      expect(await everything(knowledge)).toEqual(before);
      expect((await knowledge.status()).reembedding).toEqual({ id: "other", dimensions: 48 });
      await changes(knowledge);
      await using another = await open();
      expect(
        (await another.search({ query: "jumps", principal: DEFAULT_PRINCIPAL, mode: "keyword" })).passages,
      ).toHaveLength(1);
    });
    await reembed({ embedder });
    await using after = await open(other(), false);
    expect(await everything(after)).toEqual(
      await fresh(async (each) => {
        await each.upsert(pages(170));
        await changes(each);
      }),
    );
    expect((await after.status()).tenants.map(({ tenant }) => tenant)).toEqual(["c", "default"]);
  });

  test("whoever has it open at the switch is told what to do, reading and writing", async () => {
    await using reader = await open();
    await using idle = await open();
    await reader.upsert(pages(4));
    await everything(reader);
    await reembed();
    const told = {
      code: "store_embedder_mismatch",
      reason: expect.stringContaining("other (48 dimensions)"),
      nextStep: "Open it again, with other",
    };
    await using again = await open(other());
    const { passages } = await again.search({ query: "fox", principal: DEFAULT_PRINCIPAL });
    const id = passages[0]?.documentId ?? "";
    for (const knowledge of [reader, idle]) {
      await expect(knowledge.search({ query: "fox", principal: DEFAULT_PRINCIPAL })).rejects.toMatchObject(
        told,
      );
      await expect(
        knowledge.search({ query: "fox", principal: { tenant: "none", roles: [] } }),
      ).rejects.toMatchObject(told);
      await expect(knowledge.document(id, DEFAULT_PRINCIPAL)).rejects.toMatchObject(told);
      await expect(knowledge.roles("default")).rejects.toMatchObject(told);
      await expect(knowledge.status()).rejects.toMatchObject(told);
      await expect(knowledge.upsert([page(1, "changed")])).rejects.toMatchObject(told);
      await expect(knowledge.remove(["page-1.md"])).rejects.toMatchObject(told);
    }
  });

  test("stopped on the way it changes nothing, and goes on from there", async () => {
    await using knowledge = await open();
    await knowledge.upsert(pages(400));
    const before = await everything(knowledge);
    const stop = new AbortController();
    const embedder = interrupted(other(), 3 * 4 + 1, async () => stop.abort());
    await expect(reembed({ embedder, signal: stop.signal })).rejects.toMatchObject({ code: "cancelled" });
    expect(await everything(knowledge)).toEqual(before);
    const progress: number[] = [];
    const report = await reembed({ onProgress: ({ done }) => progress.push(done) });
    // Three commits of 128 documents were made before.
    expect(report.documents).toBe(400 - 3 * 128);
    expect(progress.at(-1)).toBe(400 - 3 * 128);
    await using after = await open(other(), false);
    expect((await after.status()).tenants).toMatchObject([{ documents: 400 }]);
  });

  test("another embedder's unfinished move, or the store's own embedder, begins anew", async () => {
    await using knowledge = await open();
    await knowledge.upsert(pages(140));
    const failing = interrupted(other(), 5, async () => Promise.reject(new Error("the model broke")));
    await expect(reembed({ embedder: failing })).rejects.toThrow("the model broke");
    expect(await readdir(location)).toContain("generation-1");
    const third = createFakeEmbedder({ id: "third", dimensions: 32 });
    await expect(
      reembed({ embedder: interrupted(third, 5, async () => Promise.reject(new Error("again"))) }),
    ).rejects.toThrow("again");
    expect(await readdir(location)).not.toContain("generation-1");
    expect(await reembed({ embedder: old() })).toMatchObject({ documents: 0, to: { id: "fake-embedder" } });
    expect((await readdir(location)).filter((name) => name.startsWith("generation-"))).toEqual([]);
    expect((await knowledge.status()).reembedding).toBeUndefined();
    expect((await knowledge.search({ query: "fox", principal: DEFAULT_PRINCIPAL })).passages).not.toEqual([]);
  });

  test("killed at any moment, the next one ends with the store of a clean one", async () => {
    const fill = (knowledge: Retriever) => knowledge.upsert(pages(190));
    {
      await using knowledge = await open();
      await fill(knowledge);
    }
    let kills = 0;
    for (const ms of [30, 150, 400]) {
      const child = await spawnChild("reembed-child.ts", location, "48");
      await child.ready;
      await sleep(ms);
      child.kill();
      if ((await child.ended) === null) kills++;
      else break;
      // Whatever was left: one of the two embedders opens it, and finds every page.
      const knowledge = await open(old(), false).catch(() => open(other(), false));
      expect((await knowledge.status()).tenants).toMatchObject([{ documents: 190 }]);
      expect((await knowledge.search({ query: "fox", principal: DEFAULT_PRINCIPAL })).passages).not.toEqual(
        [],
      );
      await knowledge.dispose();
    }
    expect(kills).toBeGreaterThanOrEqual(2);
    await reembed();
    await using after = await open(other(), false);
    expect(await everything(after)).toEqual(await fresh(fill));
    expect(await tables()).toEqual([]);
  });

  test("killed between the switch and the removal, the next writer removes what is left", async () => {
    await using reader = await open();
    await reader.upsert(pages(5));
    const { openDatabase } = await import("../store/lance.ts");
    const { readManifest, writeManifest } = await import("../store/manifest.ts");
    // All but the removal: the old tables are put back as they were.
    const copy = join(root, "copy");
    const { cp } = await import("node:fs/promises");
    await cp(location, copy, { recursive: true });
    await reembed();
    for (const name of await readdir(copy)) {
      if (name.startsWith("tenant-")) await cp(join(copy, name), join(location, name), { recursive: true });
    }
    const database = await openDatabase(location);
    const manifest = await readManifest(database, location);
    if (!manifest) throw new Error("no manifest");
    await writeManifest(database, { ...manifest, replaced: 0 });
    database.close();
    expect(await tables()).toHaveLength(1);
    await using knowledge = await open(other(), false);
    expect((await knowledge.search({ query: "fox", principal: DEFAULT_PRINCIPAL })).passages).not.toEqual([]);
    await knowledge.upsert([page(0, "changed")]);
    expect(await tables()).toEqual([]);
    await expect(reader.search({ query: "fox", principal: DEFAULT_PRINCIPAL })).rejects.toMatchObject({
      code: "store_embedder_mismatch",
    });
  });

  test("whoever reads a table that is being removed sees all of it, or nothing, and never a former state", async () => {
    await using knowledge = await open();
    await knowledge.upsert(pages(20));
    await knowledge.upsert([{ uri: "secret.md", text: "# Secret\n\nThe fox is secret.\n", roles: ["even"] }]);
    await knowledge.upsert([{ uri: "secret.md", text: "# Secret\n\nThe fox is secret.\n", roles: ["hr"] }]);
    const principal = { tenant: "default", roles: ["even"] };
    let searching = true;
    const seen = new Set<string>();
    const reading = (async () => {
      await using reader = await open();
      while (searching) {
        const { passages } = await reader.search({ query: "fox", principal, topK: 50 });
        seen.add(passages.map(({ uri }) => uri).includes("secret.md") ? "secret" : String(passages.length));
      }
    })();
    reading.catch(() => {});
    await reembed();
    searching = false;
    await expect(reading).rejects.toMatchObject({ code: "store_embedder_mismatch" });
    expect([...seen]).toEqual(["10"]);
  });

  test("a reader in another process finds everything until it is told", async () => {
    {
      await using knowledge = await open();
      await knowledge.upsert(pages(60));
    }
    const child = await spawnChild("search-child.ts", location, "fox", "60");
    await child.ready;
    await reembed();
    expect(await child.ended).toBe(0);
  });

  test("on an object store the same holds, and the room on its disk is nobody's business", async () => {
    await using s3 = await createFakeS3();
    const place = { location: "s3://test/store", storageOptions: s3.storageOptions };
    await using knowledge = await openKnowledge({ ...place, embedder: old() });
    await knowledge.upsert(pages(12));
    const report = await reembedKnowledge({ ...place, embedder: other() });
    expect(report).toMatchObject({ documents: 12, to: { id: "other", dimensions: 48 } });
    expect(report.bytes).toBeUndefined();
    await expect(knowledge.search({ query: "fox", principal: DEFAULT_PRINCIPAL })).rejects.toMatchObject({
      code: "store_embedder_mismatch",
    });
    await using after = await openKnowledge({ ...place, embedder: other() });
    expect(await everything(after)).toEqual(await fresh((each) => each.upsert(pages(12))));
    await after.upsert([page(0, "changed")]);
  });

  test("says when passages are longer than the new embedder sees", async () => {
    await using knowledge = await open();
    await knowledge.upsert([
      { uri: "long.md", text: `# Long\n\n${"The fox ran far away today. ".repeat(20)}` },
    ]);
    const { warnings } = await reembed({ embedder: createFakeEmbedder({ id: "short", maxTokens: 16 }) });
    expect(warnings).toMatchObject([{ code: "passages_cut", message: expect.stringContaining("16 tokens") }]);
  });

  test("refuses what is no store, and settings that are wrong, and makes nothing", async () => {
    await expect(reembed()).rejects.toMatchObject({ code: "store_missing" });
    await expect(access(location)).rejects.toThrow();
    await mkdir(location);
    await expect(reembed()).rejects.toMatchObject({ code: "store_missing" });
    await writeFile(join(root, "file"), "");
    await expect(reembed({ location: join(root, "file") })).rejects.toMatchObject({
      code: "invalid_setting",
    });
    // @ts-expect-error what a caller without types may hand over
    await expect(reembed({ embedder: "nano" })).rejects.toThrow("embedder: must be an embedder");
    // @ts-expect-error what a caller without types may hand over
    await expect(reembed({ from: "nano" })).rejects.toThrow("from");
  });
});
