import { appendFile, cp, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
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
    const other = join(folder, "other");
    await cp(join(folder, "model"), other, { recursive: true });
    await appendFile(join(other, "tokenizer.json"), " ");
    await using c = await createTransformersEmbedder({ folder: other, name: card.name });
    expect(c.id).not.toBe(a.id);
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
    await rm(join(odd, "tokenizer.json"));
    await expect(createTransformersEmbedder({ folder: odd })).rejects.toMatchObject({
      code: "model_missing",
    });
  });

  test("encoding word by word gives the ids of encoding the whole", async () => {
    const { AutoTokenizer } = await import("@xenova/transformers");
    const tokenizer = await AutoTokenizer.from_pretrained((await nanoEmbedder()).folder, {
      local_files_only: true,
    });
    const whole = (text: string) => tokenizer.encode(text, { add_special_tokens: false });
    const byWord = encodeByWord(whole);
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 60 }),
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
            "\u00a0",
          ),
        )
        .map((a) => a.join("")),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(byWord(value)).toEqual(whole(value));
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
