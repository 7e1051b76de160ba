import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEmbedder } from "@advisor/contracts/testing";
import { afterAll, describe, expect, test } from "vitest";
import { NANO_PATH } from "../test/nano.ts";
import { tinyBert } from "../test/tiny-bert.ts";
import { createGgufEmbedder } from "./gguf-embedder.ts";

const folder = await mkdtemp(join(tmpdir(), "gguf-embedder-"));
const bert = join(folder, "bert.gguf");
await writeFile(bert, tinyBert());
afterAll(() => rm(folder, { recursive: true, force: true }));

describeEmbedder("a chat model as embedder", () =>
  createGgufEmbedder({ path: NANO_PATH, gpu: false, maxTokens: 256 }),
);
describeEmbedder("an encoder, with prefixes and fewer dimensions", () =>
  createGgufEmbedder({ path: bert, gpu: false, queryPrefix: "a ", passagePrefix: "the ", dimensions: 24 }),
);

const dot = (a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()) =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

describe("createGgufEmbedder", () => {
  test("gives the same numbers whenever, and beside whatever, a text is embedded", async () => {
    await using embedder = await createGgufEmbedder({ path: NANO_PATH, gpu: false });
    const texts = Array.from(
      { length: 12 },
      (_, i) => `Rule ${i}: ${"the refund takes days ".repeat(1 + (i % 5))}`,
    );
    const together = await embedder.embed(texts, "passage");
    for (const [i, text] of texts.entries()) {
      expect((await embedder.embed([text], "passage"))[0]).toEqual(together[i]);
    }
    expect(embedder.dimensions).toBe(384);
    expect(embedder.maxTokens).toBe(1024);
  });

  test("sees a text up to its limit, and says where that is", async () => {
    await using embedder = await createGgufEmbedder({
      path: bert,
      gpu: false,
      maxTokens: 20,
      passagePrefix: "of the ",
    });
    // Two special tokens and two of the prefix.
    expect(embedder.maxTokens).toBe(16);
    const seen = "word ".repeat(15);
    expect(embedder.countTokens([`${seen}cat`])).toEqual([16]);
    const [within, other, beyond] = await embedder.embed(
      [`${seen}cat`, `${seen}price`, `${seen}cat price price`],
      "passage",
    );
    expect(beyond).toEqual(within);
    expect(dot(within, other)).toBeLessThan(0.9999);
  });

  test("its pooling is the header's, or what is asked for, and each is its own", async () => {
    const vectors = new Map<string, Float32Array | undefined>();
    const ids = new Set<string>();
    for (const pooling of ["mean", "cls", "last", undefined] as const) {
      await using embedder = await createGgufEmbedder({
        path: bert,
        gpu: false,
        ...(pooling && { pooling }),
      });
      ids.add(embedder.id);
      vectors.set(pooling ?? "header", (await embedder.embed(["the price of the plan"], "passage"))[0]);
    }
    expect(vectors.get("header")).toEqual(vectors.get("mean"));
    expect(dot(vectors.get("mean"), vectors.get("cls"))).toBeLessThan(0.99);
    expect(dot(vectors.get("mean"), vectors.get("last"))).toBeLessThan(0.99);
    expect(dot(vectors.get("cls"), vectors.get("last"))).toBeLessThan(0.99);
    expect(ids.size).toBe(3);
  });

  test("its id changes with all that changes a vector", async () => {
    const other = join(folder, "other.gguf");
    // The tokenizer alone is another one.
    await writeFile(other, tinyBert({ "tokenizer.ggml.unknown_token_id": { type: "uint32", value: 4 } }));
    const ids = new Set<string>();
    for (const settings of [
      { path: bert },
      { path: other },
      { path: bert, queryPrefix: "q " },
      { path: bert, passagePrefix: "q " },
      { path: bert, dimensions: 8 },
    ]) {
      await using embedder = await createGgufEmbedder({ ...settings, gpu: false });
      expect(embedder.id).toMatch(/^tiny-bert@[0-9a-f]{16}$/);
      ids.add(embedder.id);
    }
    expect(ids.size).toBe(5);
  });

  test("what cannot embed is refused before native code sees it", async () => {
    const file = async (name: string, bytes: Uint8Array) => {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    };
    const text = (value: string) => ({ type: "string", value }) as const;
    const cases = [
      [join(folder, "nowhere.gguf"), "model_missing"],
      [await file("page.gguf", Buffer.from("# A page\n".repeat(100))), "model_invalid"],
      [
        await file("rank.gguf", tinyBert({ "bert.pooling_type": { type: "uint32", value: 4 } })),
        "model_unsupported",
      ],
      [await file("clip.gguf", tinyBert({ "general.architecture": text("clip") })), "model_unsupported"],
      [await file("lora.gguf", tinyBert({ "general.type": text("adapter") })), "model_unsupported"],
      [
        await file("width.gguf", tinyBert({ "bert.embedding_length": { type: "uint32", value: 64 } })),
        "model_invalid",
      ],
    ] as const;
    for (const [path, code] of cases) {
      await expect(createGgufEmbedder({ path, gpu: false }), path).rejects.toMatchObject({
        code,
        subject: path,
      });
    }
    const cut = await file("cut.gguf", tinyBert());
    await truncate(cut, 4000);
    await expect(createGgufEmbedder({ path: cut, gpu: false })).rejects.toMatchObject({
      code: "model_invalid",
    });
  });

  test("a hash, a limit or a setting that is wrong is named", async () => {
    const right = createHash("sha256")
      .update(await readFile(bert))
      .digest("hex");
    await using _ = await createGgufEmbedder({ path: bert, gpu: false, sha256: right });
    await expect(createGgufEmbedder({ path: bert, sha256: "0".repeat(64) })).rejects.toMatchObject({
      code: "model_untrusted",
    });
    await expect(createGgufEmbedder({ path: bert, dimensions: 33 })).rejects.toThrow("dimensions: it is 33");
    await expect(createGgufEmbedder({ path: bert, maxTokens: 65 })).rejects.toThrow("maxTokens: it is 65");
    // @ts-expect-error what a caller without types may hand over
    await expect(createGgufEmbedder({ path: bert, poling: "cls" })).rejects.toThrow("poling");
  });
});
