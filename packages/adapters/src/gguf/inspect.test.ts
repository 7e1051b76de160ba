import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import { fingerprint, sha256File } from "./fingerprint.ts";
import { inspectGguf } from "./inspect.ts";
import { isUnchanged, readGgufFile } from "./read-file.ts";
import type { GgufWriteTensor, GgufWriteValue } from "./write.ts";

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-gguf-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, `${files++}.gguf`);
  await writeFile(path, bytes);
  return path;
}

const text = (value: string): GgufWriteValue => ({ type: "string", value });
const u32 = (value: number): GgufWriteValue => ({ type: "uint32", value });

const words = (values: readonly string[]): GgufWriteValue => ({ type: "array", of: "string", values });
const layers: GgufWriteTensor[] = [
  { name: "token_embd.weight", shape: [8, 8], type: "F32", data: new Float32Array(64) },
  { name: "blk.0.ffn_up.weight", shape: [8, 16], type: "F32", data: new Float32Array(128) },
];

describe("inspectGguf", () => {
  it("says what a model is", async () => {
    const path = await file(tinyModel());
    const found = await inspectGguf(path);
    expect(found).toMatchObject({
      path,
      version: 3,
      name: "tiny",
      architecture: "llama",
      quantization: "F32",
      parameters: 72,
      contextLength: 64,
      chatTemplate: "{{ messages[0].content }}",
      kvBytesPerToken: 32,
      base: {
        blockCount: 1,
        embeddingLength: 8,
        feedForwardLength: 16,
        headCount: 2,
        headCountKv: 2,
        vocabularySize: 8,
      },
    });
    expect(found.metadata["tokenizer.ggml.tokens"]).toEqual({ of: "string", length: 8 });
    expect(found.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it("gives the tokenizer and the template a hash each", async () => {
    const plain = await inspectGguf(await file(tinyModel()));
    const renamed = await inspectGguf(await file(tinyModel({ "general.name": text("other") })));
    const templated = await inspectGguf(
      await file(tinyModel({ "tokenizer.chat_template": text("{{ 1 }}") })),
    );
    const prefixed = await inspectGguf(
      await file(tinyModel({ "tokenizer.ggml.add_space_prefix": { type: "bool", value: false } })),
    );
    expect(renamed.base).toEqual(plain.base);
    expect(renamed.fingerprint).not.toBe(plain.fingerprint);
    expect(templated.base.tokenizerSha256).toBe(plain.base.tokenizerSha256);
    expect(templated.base.chatTemplateSha256).not.toBe(plain.base.chatTemplateSha256);
    expect(prefixed.base.tokenizerSha256).not.toBe(plain.base.tokenizerSha256);
  });

  it.each<[string, string, () => Promise<string>]>([
    ["a missing file", "model_missing", async () => join(folder, "none.gguf")],
    ["a file as folder", "model_missing", async () => join(await file("x"), "none.gguf")],
    ["an empty file", "model_invalid", () => file("")],
    ["a text file", "model_invalid", () => file("# Not a model\n")],
    ["a folder", "model_invalid", () => mkdtemp(join(folder, "models-"))],
    ["a truncated file", "model_invalid", () => file(tinyModel().subarray(0, -100))],
    ["no architecture", "model_invalid", () => file(tinyModel({ "general.architecture": undefined }))],
    ["no tensors", "model_invalid", () => file(tinyModel({}, []))],
    ["no tokens", "model_invalid", () => file(tinyModel({ "tokenizer.ggml.tokens": undefined }))],
    ["no vocabulary", "model_invalid", () => file(tinyModel({ "tokenizer.ggml.model": text("no_vocab") }))],
    ["tokens of another type", "model_invalid", () => file(tinyModel({ "tokenizer.ggml.tokens": u32(1) }))],
    [
      "scores of another length",
      "model_invalid",
      () => file(tinyModel({ "tokenizer.ggml.scores": { type: "array", of: "float32", values: [1] } })),
    ],
    [
      "token types of another type",
      "model_invalid",
      () =>
        file(
          tinyModel({
            "tokenizer.ggml.token_type": { type: "array", of: "float32", values: [1, 1, 1, 1, 1, 1, 1, 1] },
          }),
        ),
    ],
    [
      "a template that is no text",
      "model_invalid",
      () => file(tinyModel({ "tokenizer.chat_template": u32(1) })),
    ],
    ["a thousand layers", "model_invalid", () => file(tinyModel({ "llama.block_count": u32(1000) }))],
    ["no heads", "model_invalid", () => file(tinyModel({ "llama.attention.head_count": u32(0) }))],
    [
      "more key heads than heads",
      "model_invalid",
      () => file(tinyModel({ "llama.attention.head_count_kv": u32(4) })),
    ],
    [
      "another embedding length",
      "model_invalid",
      () => file(tinyModel({ "llama.embedding_length": u32(16) })),
    ],
    [
      "a token that stands twice",
      "model_invalid",
      () => file(tinyModel({ "tokenizer.ggml.tokens": words(["a", "b", "a", "c", "d", "e", "f", "g"]) })),
    ],
    [
      "a token that stands twice up to a NUL",
      "model_invalid",
      () => file(tinyModel({ "tokenizer.ggml.tokens": words(["a", "a\0b", "1", "c", "d", "e", "f", "g"]) })),
    ],
    [
      "an epsilon below zero",
      "model_invalid",
      () => file(tinyModel({ "llama.attention.layer_norm_rms_epsilon": { type: "float32", value: -1 } })),
    ],
    [
      "layers without a width",
      "model_invalid",
      () => file(tinyModel({ "llama.feed_forward_length": undefined }, layers)),
    ],
    [
      "an embedding model",
      "model_unsupported",
      () => file(tinyModel({ "general.architecture": text("bert") })),
    ],
    ["a pooling model", "model_unsupported", () => file(tinyModel({ "llama.pooling_type": u32(1) }))],
    [
      "a model without causal attention",
      "model_unsupported",
      () => file(tinyModel({ "llama.attention.causal": { type: "bool", value: false } })),
    ],
    [
      "a vision projector",
      "model_unsupported",
      () => file(tinyModel({ "general.architecture": text("clip") })),
    ],
    ["an adapter", "model_unsupported", () => file(tinyModel({ "general.type": text("adapter") }))],
    [
      "a part of a split model",
      "model_unsupported",
      () => file(tinyModel({ "split.count": { type: "uint16", value: 3 } })),
    ],
  ])("refuses %s as %s", async (_what, code, make) => {
    const path = await make();
    await expect(inspectGguf(path)).rejects.toMatchObject({ code, subject: path });
  });
});

describe("fingerprint", () => {
  /** A model whose tensors are large enough to be sampled. */
  const large = (change?: (data: Float32Array) => void): Uint8Array => {
    const data = new Float32Array(8 * 1024 * 1024 + 1024);
    change?.(data);
    return tinyModel({}, [
      { name: "token_embd.weight", shape: [8, 8], type: "F32", data: new Float32Array(64) },
      { name: "blk.0.ffn_up.weight", shape: [1024, 8193], type: "F32", data },
    ]);
  };

  it("is exact for small files, and sees size and samples of large ones", async () => {
    const small = await readGgufFile(await file(tinyModel()), "model");
    const bytes = tinyModel();
    bytes[bytes.length - 20] = 1;
    const changed = await readGgufFile(await file(bytes), "model");
    expect(await fingerprint(changed)).not.toBe(await fingerprint(small));

    const original = await fingerprint(await readGgufFile(await file(large()), "model"));
    const fill = (value: number) => (data: Float32Array) => data.fill(value);
    expect(await fingerprint(await readGgufFile(await file(large()), "model"))).toBe(original);
    expect(await fingerprint(await readGgufFile(await file(large(fill(1))), "model"))).not.toBe(original);
    const end = (data: Float32Array) => data.fill(1, data.length - 4);
    expect(await fingerprint(await readGgufFile(await file(large(end)), "model"))).not.toBe(original);
    const longer = Buffer.concat([large(), Buffer.alloc(32)]);
    expect(await fingerprint(await readGgufFile(await file(longer), "model"))).not.toBe(original);
  });

  it("comes with the whole file's SHA-256", async () => {
    expect(await sha256File(await file("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("isUnchanged", () => {
  it("sees another file, another content and no file", async () => {
    const path = await file(tinyModel());
    const checked = await readGgufFile(path, "model");
    expect(await isUnchanged(checked)).toBe(true);
    await rm(path);
    expect(await isUnchanged(checked)).toBe(false);
    await writeFile(path, tinyModel());
    expect(await isUnchanged(checked)).toBe(false);
  });
});
