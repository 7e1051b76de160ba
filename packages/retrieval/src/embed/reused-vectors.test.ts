import { createFakeEmbedder } from "@advisor/contracts/testing";
import { expect, test } from "vitest";
import { textOf } from "../chunk/chunker.ts";
import type { Row } from "../store/lance.ts";
import { createVectorSource } from "./reused-vectors.ts";

function setup(rows: readonly Row[], msPerText = 0) {
  const fake = createFakeEmbedder();
  const embedded: string[] = [];
  const selected: string[] = [];
  let time = 0;
  const embedder = {
    ...fake,
    embed: async (texts: readonly string[], kind: "query" | "passage", signal?: AbortSignal) => {
      embedded.push(...texts);
      time += msPerText * texts.length;
      return fake.embed(texts, kind, signal);
    },
  };
  const select = async (filter: string) => {
    selected.push(filter);
    return [...rows];
  };
  return { fake, embedder, embedded, selected, source: createVectorSource({ select }, embedder, () => time) };
}
const row = (text: string, vector: readonly number[] | null): Row => ({
  kind: "chunk",
  context: "Leave",
  text,
  vector: vector && Float32Array.from(vector),
});
const vectorOf = (length: number, value = 0.5) => new Array(length).fill(value);

test("an unchanged text keeps its stored vector; changed ones are embedded, each once", async () => {
  const { dimensions } = createFakeEmbedder();
  const rows = [row("same", vectorOf(dimensions)), row("gone", vectorOf(dimensions))];
  const { source, embedded, selected } = setup(rows);
  const texts = ["same", "new", "new"].map((text) => textOf("Leave", text));
  const vectors = await source.vectorsOf([{ id: "d", texts }], ["d"]);
  expect(selected).toEqual(["documentId IN ('d')"]);
  expect(embedded).toEqual([textOf("Leave", "new")]);
  expect([...(vectors[0] ?? [])]).toEqual(vectorOf(dimensions));
  expect(vectors[1]).toEqual(vectors[2]);
  // Under another heading it is another text.
  await source.vectorsOf([{ id: "d", texts: [textOf("Other", "same")] }], ["d"]);
  expect(embedded).toContain(textOf("Other", "same"));
});

test("a new document asks the store for nothing, and another document's rows are never asked", async () => {
  const { source, embedded, selected } = setup([]);
  await source.vectorsOf(
    [
      { id: "new", texts: ["a"] },
      { id: "old", texts: ["b"] },
    ],
    ["old"],
  );
  await source.vectorsOf([{ id: "new", texts: ["a"] }], []);
  expect(selected).toEqual(["documentId IN ('old')"]);
  expect(embedded).toEqual(["a", "b", "a"]);
});

test("what is damaged is embedded again: a vector of another length, none, or one that is no number", async () => {
  const { dimensions } = createFakeEmbedder();
  const rows = [
    row("short", [1, 2]),
    row("none", null),
    row("nan", vectorOf(dimensions, Number.NaN)),
    { ...row("header", vectorOf(dimensions)), kind: "document" },
  ];
  const { source, embedded } = setup(rows);
  const texts = ["short", "none", "nan", "header"].map((text) => textOf("Leave", text));
  await source.vectorsOf([{ id: "d", texts }], ["d"]);
  expect(embedded).toEqual(texts);
});

test("once it is known that the embedder is faster than a look-up, it is called instead", async () => {
  const fast = setup([]);
  await fast.source.vectorsOf([{ id: "x", texts: ["warm"] }], []);
  await fast.source.vectorsOf([{ id: "d", texts: ["a"] }], ["d"]);
  expect(fast.selected).toEqual([]);
  const slow = setup([], 30);
  await slow.source.vectorsOf([{ id: "x", texts: ["warm"] }], []);
  await slow.source.vectorsOf([{ id: "d", texts: ["a"] }], ["d"]);
  expect(slow.selected).toHaveLength(1);
});
