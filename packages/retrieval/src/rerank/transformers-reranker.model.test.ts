import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reranker } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCrossEncoder } from "../../test/make-cross-encoder.ts";
import { openKnowledge } from "../knowledge.ts";
import { createTransformersReranker } from "./transformers-reranker.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reranker-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const make = async (labels: 1 | 2 | 3 = 1) => {
  const folder = await mkdtemp(join(root, "model-"));
  await makeCrossEncoder(folder, labels);
  return folder;
};

describe("a cross-encoder in ONNX", () => {
  // Words that are one token each.
  const question = "the house has water";
  const texts = ["river", "a house", "the house has water", "water water water"];

  test("scores each text with the question, the same alone and among others", async () => {
    await using reranker = await createTransformersReranker({ folder: await make() });
    const scores = await reranker.score(question, texts);
    // One pair more: the separators that close the question and the passage.
    expect(scores).toEqual([1, 2, 5, 4]);
    const many = Array.from({ length: 20 }, (_, i) => texts[i % 4] ?? "");
    expect(await reranker.score(question, many)).toEqual(many.map((text) => scores[texts.indexOf(text)]));
    expect(await reranker.score(question, [])).toEqual([]);
    expect(reranker.id).toMatch(/^model-\w+@[0-9a-f]{16}$/);
  });

  test("of two labels, the lead of the second", async () => {
    await using reranker = await createTransformersReranker({ folder: await make(2) });
    expect(await reranker.score(question, texts)).toEqual([2, 4, 10, 8]);
  });

  test("a passage that is too long is cut, and the question is read all the same", async () => {
    await using reranker = await createTransformersReranker({ folder: await make(), maxTokens: 16 });
    const [near, far] = await reranker.score("house", [
      `house ${"water ".repeat(500)}`,
      `${"water ".repeat(500)} house`,
    ]);
    expect([near, far]).toEqual([2, 1]);
    await expect(reranker.score("house ".repeat(5000), ["house"])).resolves.toHaveLength(1);
  });

  test("what is missing, broken, or no cross-encoder is refused by name", async () => {
    await expect(createTransformersReranker({ folder: join(root, "nowhere") })).rejects.toMatchObject({
      code: "model_missing",
    });
    const cut = await make();
    await truncate(join(cut, "onnx", "model.onnx"), 100);
    const bare = await make();
    await writeFile(join(bare, "tokenizer.json"), "[]");
    for (const folder of [cut, bare, await make(3)]) {
      await expect(createTransformersReranker({ folder })).rejects.toMatchObject({ code: "model_invalid" });
    }
    await expect(createTransformersReranker({ folder: "" })).rejects.toMatchObject({
      code: "invalid_setting",
    });
  });

  test("stops when it is told to, and after dispose", async () => {
    const reranker = await createTransformersReranker({ folder: await make() });
    await expect(reranker.score("x", ["x"], AbortSignal.abort())).rejects.toMatchObject({
      code: "cancelled",
    });
    await reranker.dispose();
    await reranker.dispose();
    await expect(reranker.score("x", ["x"])).rejects.toMatchObject({ code: "disposed" });
  });

  test("puts the first places of a hybrid search in its order, and says how long it took", async () => {
    await using reranker = await createTransformersReranker({ folder: await make() });
    const location = join(root, "store");
    await using knowledge = await openKnowledge({ location, embedder: createFakeEmbedder(), reranker });
    const principal = { tenant: "default", roles: ["hr"] };
    await knowledge.upsert(
      [
        { uri: "a", text: "Zebra grass." },
        {
          uri: "b",
          text: "Grass of the zebra, grass for the zebra, and grass and more grass and other food of any kind.",
        },
        { uri: "secret", text: "zebra grass zebra grass zebra grass zebra grass", roles: ["it"] },
      ],
      { defaultRoles: ["hr"] },
    );
    const search = { query: "zebra grass", principal };
    const { passages, timings } = await knowledge.search(search);
    expect(passages.map(({ uri, ranks }) => [uri, ranks.rerank])).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
    expect(timings.rerankMs).toBeGreaterThan(0);
    const byWords = await knowledge.search({ ...search, mode: "keyword" });
    expect(byWords.passages.map(({ uri }) => uri)).toHaveLength(2);
    expect(byWords.timings).not.toHaveProperty("rerankMs");
  });
});

describe("any reranker", () => {
  const principal = { tenant: "default", roles: ["hr"] };
  const fake = (score: Reranker["score"]): Reranker => ({
    id: "fake",
    score,
    dispose: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  });
  const open = async (reranker: Reranker, rerankDepth?: number) => {
    const location = await mkdtemp(join(root, "store-"));
    const depth = rerankDepth === undefined ? {} : { rerankDepth };
    const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder(), reranker, ...depth });
    await knowledge.upsert(
      Array.from({ length: 8 }, (_, i) => ({ uri: `d${i}`, text: `Zebra ${"grass ".repeat(i)}` })),
      {
        defaultRoles: ["hr"],
      },
    );
    await knowledge.upsert([{ uri: "secret", text: "Zebra of it." }], { defaultRoles: ["it"] });
    return knowledge;
  };

  test("reads permitted passages alone, the first ones; the rest stays behind them", async () => {
    const read: string[] = [];
    await using knowledge = await open(
      fake(async (_, texts) => {
        read.push(...texts);
        return texts.map((_, index) => index);
      }),
      3,
    );
    const { passages } = await knowledge.search({ query: "zebra", principal, topK: 8 });
    expect(read).toHaveLength(3);
    expect(read.join()).not.toContain("of it");
    expect(passages.map(({ ranks }) => ranks.rerank)).toEqual([1, 2, 3, ...Array(5).fill(undefined)]);
    expect(passages.slice(0, 3).map(({ text }) => text)).toEqual(
      read.map((text) => text.split("\n")[1]).reverse(),
    );
    const scores = passages.map(({ score }) => score);
    expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  test("one that gives too few scores, or none that is a number, fails the search by name", async () => {
    for (const scores of [[1], [Number.NaN, 1, 1, 1, 1, 1, 1, 1]]) {
      await using knowledge = await open(fake(async () => scores));
      await expect(knowledge.search({ query: "zebra", principal })).rejects.toMatchObject({
        code: "model_failed",
      });
    }
    await expect(open({} as Reranker)).rejects.toMatchObject({ code: "invalid_setting" });
    await expect(
      open(
        fake(async () => []),
        0,
      ),
    ).rejects.toMatchObject({ code: "invalid_setting" });
  });
});
