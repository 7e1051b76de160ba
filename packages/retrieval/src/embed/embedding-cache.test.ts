import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Embedder, EmbeddingKind } from "@advisor/contracts";
import { createFakeEmbedder, describeEmbedder } from "@advisor/contracts/testing";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { createCachedEmbedder } from "./embedding-cache.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "embedding-cache-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An embedder that tells what it was asked for. */
function counting(id?: string): Embedder & { readonly asked: string[] } {
  const fake = createFakeEmbedder();
  const asked: string[] = [];
  return {
    ...fake,
    ...(id !== undefined && { id }),
    asked,
    embed: (texts: readonly string[], kind: EmbeddingKind, signal?: AbortSignal) => {
      asked.push(...texts);
      return fake.embed(texts, kind, signal);
    },
  };
}
const vectors = async (texts: readonly string[], kind: EmbeddingKind = "passage") =>
  createFakeEmbedder().embed(texts, kind);
const files = async () => (await readdir(folder)).map((name) => join(folder, name));

test("a text is embedded once, in whatever order, call or process it comes", async () => {
  const first = counting();
  const one = createCachedEmbedder(first, { folder });
  expect(await one.embed(["a", "b", "a"], "passage")).toEqual(await vectors(["a", "b", "a"]));
  expect(await one.embed(["b", "c"], "passage")).toEqual(await vectors(["b", "c"]));
  expect(first.asked).toEqual(["a", "b", "c"]);
  expect(one.counts).toEqual({ found: 1, embedded: 3 });
  await one.dispose();
  const second = counting();
  await using again = createCachedEmbedder(second, { folder });
  expect(await again.embed(["c", "a", "d"], "passage")).toEqual(await vectors(["c", "a", "d"]));
  expect(second.asked).toEqual(["d"]);
});

test("a question, another model and another text have vectors of their own", async () => {
  const first = counting("model-a");
  const second = counting("model-b");
  await using one = createCachedEmbedder(first, { folder });
  await using other = createCachedEmbedder(second, { folder });
  await one.embed(["a"], "passage");
  await one.embed(["a"], "query");
  await one.embed(["A"], "passage");
  await other.embed(["a"], "passage");
  expect([first.asked, second.asked]).toEqual([["a", "a", "A"], ["a"]]);
  expect([one.id, other.id]).toEqual(["model-a", "model-b"]);
});

test("two that share a folder, at the same time, never give a wrong vector", async () => {
  await using one = createCachedEmbedder(counting(), { folder });
  await using two = createCachedEmbedder(counting(), { folder });
  const texts = Array.from({ length: 120 }, (_, i) => `text ${i}`);
  await Promise.all(
    texts.map(async (text, i) => {
      const both = [text, texts[(i * 7) % texts.length] as string];
      expect(await (i % 2 ? one : two).embed(both, "passage")).toEqual(await vectors(both));
    }),
  );
  const last = counting();
  await using fresh = createCachedEmbedder(last, { folder });
  expect(await fresh.embed(texts, "passage")).toEqual(await vectors(texts));
  expect(last.asked).toEqual([]);
});

test("a file cut short or changed anywhere costs time, never a wrong vector", async () => {
  const texts = ["a", "b", "c", "d"];
  const made = createCachedEmbedder(counting(), { folder });
  await made.embed(texts, "passage");
  await made.dispose();
  const path = (await files()).find((each) => !each.endsWith(".old.vectors"));
  const whole = await readFile(path as string);
  const truth = await vectors([...texts, "e"]);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.option(fc.nat(whole.length - 1)), async (size, changed) => {
      const damaged = Buffer.from(whole);
      if (changed !== null) damaged[changed] = (damaged[changed] ?? 0) ^ 0x5a;
      await writeFile(path as string, damaged.subarray(0, size));
      for (let round = 0; round < 2; round++) {
        await using cached = createCachedEmbedder(counting(), { folder });
        expect(await cached.embed([...texts, "e"], "passage")).toEqual(truth);
      }
    }),
    { numRuns: 40 },
  );
});

test("it keeps to its room, and what is asked for stays longest", async () => {
  const inner = counting();
  await using cached = createCachedEmbedder(inner, { folder, maxBytes: 1024 * 1024 });
  const room = Math.floor((1024 * 1024) / (4 * cached.dimensions + 20));
  const batch = (from: number) => Array.from({ length: 256 }, (_, i) => `text ${from + i}`);
  for (let from = 0; from < 2 * room; from += 256) {
    await cached.embed(batch(from), "passage");
    await cached.embed(["often"], "passage");
  }
  expect(inner.asked.filter((text) => text === "often")).toEqual(["often"]);
  const sizes = await Promise.all((await files()).map(async (path) => (await stat(path)).size));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(1.8 * 1024 * 1024);
  await cached.embed(["text 0"], "passage");
  expect(inner.asked.filter((text) => text === "text 0")).toHaveLength(2);
});

test("what is forgotten is in no file, and a folder that cannot be used is passed by", async () => {
  const inner = counting();
  await using cached = createCachedEmbedder(inner, { folder });
  await cached.embed(["a"], "passage");
  await cached.forget();
  expect(await files()).toEqual([]);
  await cached.embed(["a"], "passage");
  expect(inner.asked).toEqual(["a", "a"]);
  const file = join(folder, "a file");
  await writeFile(file, "");
  await using stuck = createCachedEmbedder(counting(), { folder: file });
  expect(await stuck.embed(["a"], "passage")).toEqual(await vectors(["a"]));
  expect(() => createCachedEmbedder(counting(), { folder, maxBytes: 5 })).toThrow(/maxBytes/);
});

const kept: string[] = [];
afterAll(() => Promise.all(kept.map((each) => rm(each, { recursive: true, force: true }))));
describeEmbedder("one with a cache before it", async () => {
  const own = await mkdtemp(join(tmpdir(), "embedding-cache-contract-"));
  kept.push(own);
  return createCachedEmbedder(createFakeEmbedder(), { folder: own });
});
