import { appendFile, cp, mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEmbedder } from "@advisor/contracts/testing";
import { nanoEmbedder } from "@advisor/nano";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeByWord } from "./token-ids.ts";
import { createTransformersEmbedder } from "./transformers-embedder.ts";

async function nano() {
  const { folder, card } = await nanoEmbedder();
  return createTransformersEmbedder({
    folder,
    name: card.name,
    maxTokens: card.maxTokens,
    sha256: card.sha256,
  });
}

describeEmbedder("nano through transformers.js", nano);
describeEmbedder("nano with prefixes and fewer dimensions", async () =>
  createTransformersEmbedder({
    folder: (await nanoEmbedder()).folder,
    queryPrefix: "question: ",
    passagePrefix: "answer: ",
    dimensions: 128,
    maxTokens: 64,
  }),
);

describe("createTransformersEmbedder", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "embedder-"));
    await cp((await nanoEmbedder()).folder, join(folder, "model"), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("its id changes with the files and not with the folder", async () => {
    const { card } = await nanoEmbedder();
    await using a = await nano();
    await using b = await createTransformersEmbedder({ folder: join(folder, "model"), name: card.name });
    expect(b.id).toBe(a.id);
    expect(a.id).toMatch(new RegExp(`^${card.name}@[0-9a-f]{16}$`));
    expect(a.dimensions).toBe(card.dimensions);
    expect(a.maxTokens).toBeGreaterThan(0);
    expect(a.maxTokens).toBeLessThanOrEqual(card.maxTokens);
  });

  test("its id changes with every file and setting that decides a vector", async () => {
    const folderWith = async (name: string, change: (path: string) => Promise<void>) => {
      const path = join(folder, name);
      await cp(join(folder, "model"), path, { recursive: true });
      await change(path);
      return { folder: path, name: "nano" };
    };
    const model = { folder: join(folder, "model"), name: "nano" };
    const settings = [
      model,
      { ...model, pooling: "cls" as const },
      { ...model, queryPrefix: "query: " },
      { ...model, passagePrefix: "query: " },
      { ...model, dimensions: 64 },
      await folderWith("tokenizer", (path) => appendFile(join(path, "tokenizer.json"), " ")),
      await folderWith("config", (path) => appendFile(join(path, "config.json"), " ")),
      await folderWith("tokenizer-config", (path) => appendFile(join(path, "tokenizer_config.json"), " ")),
      await folderWith("data", (path) => writeFile(join(path, "onnx", "model.onnx_data"), "weights")),
    ];
    const ids = new Set<string>();
    for (const each of settings) {
      await using embedder = await createTransformersEmbedder(each);
      ids.add(embedder.id);
    }
    expect(ids.size).toBe(settings.length);
  });

  test("dtype chooses the file, and prefixes go before the text", async () => {
    const path = join(folder, "quantised");
    await cp(join(folder, "model"), path, { recursive: true });
    await expect(createTransformersEmbedder({ folder: path, dtype: "q8" })).rejects.toMatchObject({
      code: "model_missing",
      subject: join(path, "onnx", "model_quantized.onnx"),
    });
    await rename(join(path, "onnx", "model.onnx"), join(path, "onnx", "model_quantized.onnx"));
    await using quantised = await createTransformersEmbedder({
      folder: path,
      dtype: "q8",
      queryPrefix: "leave ",
      maxTokens: 20,
    });
    await using plain = await nano();
    const [prefixed] = await quantised.embed(["in Norway"], "query");
    expect(prefixed).toEqual((await plain.embed(["leave in Norway"], "query"))[0]);
    expect(await quantised.embed(["in Norway"], "passage")).toEqual(
      await plain.embed(["in Norway"], "query"),
    );
    expect(quantised.maxTokens).toBeLessThan(20);
  });

  test("pooling and prefixes come from the files of sentence-transformers, unless they are set", async () => {
    const path = join(folder, "sentence-transformers");
    await cp(join(folder, "model"), path, { recursive: true });
    await mkdir(join(path, "1_Pooling"));
    await writeFile(join(path, "1_Pooling", "config.json"), '{"pooling_mode_cls_token":true}');
    await writeFile(
      join(path, "config_sentence_transformers.json"),
      '{"prompts":{"query":"question: ","document":"answer: "}}',
    );
    await using found = await createTransformersEmbedder({ folder: path, name: "x" });
    await using set = await createTransformersEmbedder({
      folder: join(folder, "model"),
      name: "x",
      pooling: "cls",
      queryPrefix: "question: ",
      passagePrefix: "answer: ",
    });
    await using other = await createTransformersEmbedder({
      folder: path,
      name: "x",
      pooling: "mean",
      queryPrefix: "",
    });
    expect(found.id).toBe(set.id);
    expect(other.id).not.toBe(set.id);
    expect(await found.embed(["leave"], "passage")).toEqual(await set.embed(["leave"], "passage"));
    await writeFile(join(path, "modules.json"), '[{"type":"sentence_transformers.models.Dense"}]');
    await expect(createTransformersEmbedder({ folder: path })).rejects.toMatchObject({
      code: "model_unsupported",
    });
    await writeFile(join(path, "modules.json"), "none");
    await expect(createTransformersEmbedder({ folder: path })).rejects.toMatchObject({
      code: "model_invalid",
      subject: join(path, "modules.json"),
    });
  });

  test("more dimensions than there are, or an output that is not there, are named", async () => {
    const model = join(folder, "model");
    await expect(createTransformersEmbedder({ folder: model, dimensions: 257 })).rejects.toMatchObject({
      code: "invalid_setting",
      reason: expect.stringContaining("256"),
    });
    await expect(createTransformersEmbedder({ folder: model, pooling: "none" })).rejects.toThrow(
      "pooling none",
    );
  });

  test("a missing folder, a missing file, a broken file and a wrong hash are told apart and named", async () => {
    const missing = join(folder, "nowhere");
    await expect(createTransformersEmbedder({ folder: missing })).rejects.toMatchObject({
      code: "model_missing",
      subject: join(missing, "onnx", "model.onnx"),
    });
    const model = join(folder, "model");
    await expect(createTransformersEmbedder({ folder: model, sha256: "0".repeat(64) })).rejects.toMatchObject(
      {
        code: "model_untrusted",
      },
    );
    const cut = join(folder, "cut");
    await cp(model, cut, { recursive: true });
    await truncate(join(cut, "onnx", "model.onnx"), 1000);
    await expect(createTransformersEmbedder({ folder: cut })).rejects.toMatchObject({
      code: "model_invalid",
      subject: cut,
    });
    const odd = join(folder, "odd");
    await cp(model, odd, { recursive: true });
    await writeFile(join(odd, "tokenizer.json"), "{}");
    await expect(createTransformersEmbedder({ folder: odd })).rejects.toMatchObject({
      code: "model_invalid",
      subject: odd,
    });
    await writeFile(join(odd, "tokenizer.json"), "none");
    await expect(createTransformersEmbedder({ folder: odd })).rejects.toMatchObject({
      code: "model_invalid",
      subject: join(odd, "tokenizer.json"),
    });
    await rm(join(odd, "tokenizer.json"));
    await expect(createTransformersEmbedder({ folder: odd })).rejects.toMatchObject({
      code: "model_missing",
    });
  });

  test("encoding word by word gives the ids of encoding the whole", async () => {
    const { AutoTokenizer } = await import("@xenova/transformers");
    const { folder: model } = await nanoEmbedder();
    const tokenizer = await AutoTokenizer.from_pretrained(model, { local_files_only: true });
    const whole = (text: string) => tokenizer.encode(text, { add_special_tokens: false });
    const byWord = encodeByWord(whole, JSON.parse(await readFile(join(model, "tokenizer.json"), "utf8")));
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 60 }),
      fc.stringMatching(/^(?:[A-Za-z0-9]{1,12}[ .,-]?){0,8}$/),
      fc
        .array(
          fc.constantFrom(
            "The",
            "refund",
            "x-1.2",
            "naïve",
            "日本",
            "\n",
            " ",
            "\t",
            "'s",
            "...",
            "[CLS]x",
            "[mask]",
            "(a_b)=c;",
            "Povigurcal",
            "x".repeat(70),
            "9f86d081884c7d659a2feaa0c55ad015",
            "\u0301",
            "\u00a0",
          ),
        )
        .map((a) => a.join("")),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(byWord.encode(value)).toEqual(whole(value));
        expect(byWord.count(value)).toBe(whole(value).length);
      }),
      { numRuns: 300 },
    );
  });

  test("stays offline", async () => {
    await using _ = await nano();
    const { env } = await import("@xenova/transformers");
    expect(env.allowRemoteModels).toBe(false);
  });
});
