import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adapterManifestSchema } from "@advisor/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoraOptions, NANO_PATH, nanoLora } from "../../test/nano.ts";
import { nanoFacts } from "../../test/nano-facts.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { inspectGguf } from "../gguf/inspect.ts";
import type { GgufWriteTensor } from "../gguf/write.ts";
import { addAdapterManifest } from "./add-manifest.ts";
import { checkAdapter, manifestPath } from "./manifest.ts";
import { readAdapter } from "./read-adapter.ts";

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-lora-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function lora(options: LoraOptions = {}, name = `lora-${files++}`): Promise<string> {
  const path = join(folder, `${name}.gguf`);
  await writeFile(path, nanoLora({ targets: { "blk.0.attn_q.weight": [384, 384] }, ...options }));
  return path;
}

const tensor = (name: string, shape: number[]): GgufWriteTensor => ({
  name,
  shape,
  type: "F32",
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const today = new Date("2026-06-01T12:00:00Z");

describe("readAdapter", () => {
  it("says what an adapter is", async () => {
    const path = await lora({ rank: 3, alpha: 6, type: "F16" });
    expect(await readAdapter(path)).toMatchObject({
      path,
      architecture: "llama",
      rank: 3,
      alpha: 6,
      parameters: 3 * 768,
      pairs: [{ target: "blk.0.attn_q.weight", a: { shape: [384, 3] }, b: { shape: [3, 384] } }],
      manifest: undefined,
    });
  });

  it.each<[string, LoraOptions, string]>([
    [
      "alpha of another type",
      { metadata: { "adapter.lora.alpha": { type: "float64", value: 8 } } },
      "adapter.lora.alpha is missing or no 32-bit float",
    ],
    ["alpha 0", { alpha: 0 }, "not a positive number"],
    ["alpha that is no number", { alpha: Number.NaN }, "not a positive number"],
    [
      "another adapter type",
      { metadata: { "adapter.type": { type: "string", value: "ia3" } } },
      "another kind than LoRA",
    ],
    [
      "a type that is no text",
      { metadata: { "general.type": { type: "uint32", value: 1 } } },
      "general.type is missing or no text",
    ],
    [
      "an architecture that is no text",
      { metadata: { "general.architecture": { type: "bool", value: true } } },
      "general.architecture is missing",
    ],
    [
      "an activated LoRA",
      { metadata: { "adapter.alora.invocation_tokens": { type: "array", of: "uint32", values: [1] } } },
      "activated LoRA",
    ],
    [
      "half a pair",
      { extraTensors: [tensor("blk.1.attn_q.weight.lora_a", [256, 4])] },
      "only one of its two factors",
    ],
    [
      "another rank",
      {
        extraTensors: [
          tensor("blk.1.attn_q.weight.lora_a", [256, 2]),
          tensor("blk.1.attn_q.weight.lora_b", [2, 256]),
        ],
      },
      "not of rank 4",
    ],
    [
      "DoRA",
      { extraTensors: [tensor("blk.0.attn_q.weight.lora_magnitude_vector", [256])] },
      "no LoRA factor",
    ],
    ["a norm", { extraTensors: [tensor("blk.0.attn_norm.weight", [256])] }, "no LoRA factor"],
    ["LoRA on a norm", { targets: { "blk.0.attn_norm.weight": [256, 1] } }, "silently ignores"],
    ["LoRA on the embedding", { targets: { "token_embd.weight": [384, 16384] } }, "token_embd"],
    ["no tensors", { targets: {} }, "no LoRA tensors"],
    [
      "integers",
      {
        targets: {},
        extraTensors: [
          { name: "blk.0.attn_q.weight.lora_a", shape: [256, 4], type: "I8", bytes: new Uint8Array(1024) },
        ],
      },
      "is I8",
    ],
    ["a vector", { targets: {}, extraTensors: [tensor("blk.0.attn_q.weight.lora_a", [256])] }, "no matrix"],
  ])("refuses %s", async (_what, options, words) => {
    const path = await lora(options);
    await expect(readAdapter(path)).rejects.toMatchObject({
      code: "adapter_invalid",
      subject: path,
      message: expect.stringContaining(words),
    });
  });

  it("refuses a model, a text file and a missing file", async () => {
    const model = join(folder, "model.gguf");
    await writeFile(model, tinyModel({ "general.type": { type: "string", value: "model" } }));
    await expect(readAdapter(model)).rejects.toMatchObject({
      code: "adapter_invalid",
      reason: "it is a model, not an adapter",
    });
    const text = join(folder, "text.gguf");
    await writeFile(text, "hello");
    await expect(readAdapter(text)).rejects.toMatchObject({ code: "adapter_invalid" });
    await expect(readAdapter(join(folder, "none.gguf"))).rejects.toMatchObject({ code: "adapter_missing" });
  });
});

describe("addAdapterManifest", () => {
  it("writes what the files say", async () => {
    const path = await lora({ rank: 2, alpha: 4 }, "Über Voice_1");
    const manifest = await addAdapterManifest({
      adapter: path,
      base: NANO_PATH,
      description: "Speaks as support does",
      reviewBy: "2027-01-31",
      heldOut: [{ metric: "exact", value: 0.5, examples: 10 }],
    });
    const base = await nanoFacts();
    expect(manifest).toMatchObject({
      name: "ber-voice_1",
      rank: 2,
      alpha: 4,
      base: base.base,
      testedOn: [{ fingerprint: base.fingerprint, quantization: "F16" }],
      form: { type: "free" },
      dataset: null,
      reviewBy: "2027-01-31",
    });
    const written = JSON.parse(await readFile(manifestPath(path), "utf8"));
    expect(adapterManifestSchema.parse(written)).toEqual(manifest);
    expect((await readAdapter(path)).manifest).toEqual(manifest);
  });

  it("replaces a manifest only on purpose", async () => {
    const path = await lora();
    await addAdapterManifest({ adapter: path, base: NANO_PATH, description: "first" });
    await expect(
      addAdapterManifest({ adapter: path, base: NANO_PATH, description: "second" }),
    ).rejects.toMatchObject({
      subject: manifestPath(path),
      reason: "a manifest stands there already",
    });
    expect((await readAdapter(path)).manifest?.description).toBe("first");
    await addAdapterManifest({ adapter: path, base: NANO_PATH, description: "second", replace: true });
    expect((await readAdapter(path)).manifest?.description).toBe("second");
  });

  it("names a setting that is wrong", async () => {
    const path = await lora();
    await expect(
      addAdapterManifest({ adapter: path, base: NANO_PATH, name: "Not Fit" }),
    ).rejects.toMatchObject({
      code: "invalid_setting",
      subject: "adapter manifest, name",
    });
    await expect(
      addAdapterManifest({ adapter: path, base: NANO_PATH, reviewBy: "soon" }),
    ).rejects.toMatchObject({
      subject: "adapter manifest, reviewBy",
    });
  });

  it.each<[string, LoraOptions, string]>([
    [
      "a tensor that is not there",
      { targets: { "blk.9.attn_q.weight": [384, 384] } },
      "which the base does not have",
    ],
    [
      "the output of a base with tied embeddings",
      { targets: { "output.weight": [384, 16384] } },
      "which the base does not have",
    ],
    [
      "another shape",
      { targets: { "blk.0.ffn_down.weight": [384, 384] } },
      "384 x 384, and the base's tensor is 512 x 384",
    ],
    [
      "another architecture",
      { metadata: { "general.architecture": { type: "string", value: "qwen3" } } },
      "architecture qwen3, and the model's is llama",
    ],
  ])("refuses %s", async (_what, options, words) => {
    const path = await lora(options);
    await expect(addAdapterManifest({ adapter: path, base: NANO_PATH })).rejects.toMatchObject({
      code: "adapter_incompatible",
      message: expect.stringContaining(words),
    });
  });

  it("says so when the base keeps queries, keys and values together", async () => {
    const base = join(folder, "fused.gguf");
    await writeFile(
      base,
      tinyModel({}, [tensor("token_embd.weight", [8, 8]), tensor("blk.0.attn_qkv.weight", [8, 24])]),
    );
    const path = await lora({ targets: { "blk.0.attn_q.weight": [8, 8] } });
    await expect(addAdapterManifest({ adapter: path, base })).rejects.toMatchObject({
      code: "adapter_incompatible",
      message: expect.stringContaining("in one tensor"),
    });
  });
});

describe("checkAdapter", () => {
  async function manifested(change: (manifest: Record<string, unknown>) => void = () => {}): Promise<string> {
    const path = await lora();
    await addAdapterManifest({ adapter: path, base: NANO_PATH, reviewBy: "2026-06-01" });
    const manifest = JSON.parse(await readFile(manifestPath(path), "utf8"));
    change(manifest);
    await writeFile(manifestPath(path), JSON.stringify(manifest));
    return path;
  }

  it("takes an adapter with its base", async () => {
    const path = await manifested();
    const checked = await checkAdapter(path, await nanoFacts(), today);
    expect(checked).toMatchObject({ path, warnings: [] });
    expect(checked.name).toBe(checked.manifest.name);
  });

  it("warns of a base it was not tested on, and of a review that is due", async () => {
    const path = await manifested((manifest) => {
      manifest.testedOn = [{ name: "nano", fingerprint: "0".repeat(64), quantization: "F16" }];
      manifest.reviewBy = "2026-05-31";
    });
    const { warnings } = await checkAdapter(path, await nanoFacts(), today);
    expect(warnings.map(({ code }) => code)).toEqual(["adapter_untested_base", "adapter_review_due"]);
    expect(warnings[0]?.message).toContain("nano F16");
    expect(warnings[1]?.message).toContain("2026-05-31");
  });

  it.each(["architecture", "blockCount", "headCountKv", "tokenizerSha256", "chatTemplateSha256"])(
    "names %s when the base has another, with both values",
    async (field) => {
      let there: unknown;
      const path = await manifested((manifest) => {
        const base = manifest.base as Record<string, unknown>;
        there = field.endsWith("Sha256") ? "ab".repeat(32) : field === "architecture" ? "qwen3" : 77;
        base[field] = there;
      });
      const facts = await nanoFacts();
      await expect(checkAdapter(path, facts, today)).rejects.toMatchObject({
        code: "adapter_incompatible",
        subject: path,
        reason: `it was made for a base with ${field} ${there}, and the model's is ${facts.base[field as "blockCount"]}`,
        nextStep: "Load it with nano-base, or use an adapter made for this model",
      });
    },
  );

  it.each<[string, (manifest: Record<string, unknown>) => void, string]>([
    ["sha256", (manifest) => Object.assign(manifest, { sha256: "0".repeat(64) }), "its SHA-256 is"],
    ["rank", (manifest) => Object.assign(manifest, { rank: 9 }), "its rank is 4, and its manifest says 9"],
    ["alpha", (manifest) => Object.assign(manifest, { alpha: 9 }), "its alpha is 8, and its manifest says 9"],
    ["an unknown field", (manifest) => Object.assign(manifest, { extra: 1 }), "its field"],
    ["a missing field", (manifest) => delete manifest.reviewBy, "its field reviewBy"],
  ])("refuses a manifest with another %s", async (_what, change, words) => {
    const path = await manifested(change as (manifest: Record<string, unknown>) => void);
    await expect(checkAdapter(path, await nanoFacts(), today)).rejects.toMatchObject({
      code: "adapter_invalid",
      message: expect.stringContaining(words),
    });
  });

  it("refuses a manifest that is no JSON or too large, and an adapter without one", async () => {
    const path = await manifested();
    await writeFile(manifestPath(path), "{");
    await expect(checkAdapter(path, await nanoFacts(), today)).rejects.toMatchObject({
      code: "adapter_invalid",
      reason: "it is not JSON",
    });
    await writeFile(manifestPath(path), " ".repeat(2 ** 20 + 1));
    await expect(checkAdapter(path, await nanoFacts(), today)).rejects.toMatchObject({
      reason: "it is larger than 1 MiB",
    });
    await rm(manifestPath(path));
    await expect(checkAdapter(path, await nanoFacts(), today)).rejects.toMatchObject({
      code: "adapter_unmanifested",
      nextStep: "Write one with `advisor adapters add`",
    });
  });

  it("tells two models apart", async () => {
    const other = join(folder, "other.gguf");
    await writeFile(other, tinyModel());
    const path = await manifested();
    await expect(checkAdapter(path, await inspectGguf(other), today)).rejects.toMatchObject({
      code: "adapter_incompatible",
    });
  });
});
