import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { NANO_PATH } from "../test/nano.ts";
import { nanoFacts } from "../test/nano-facts.ts";
import { tinyModel } from "../test/tiny-model.ts";
import { writeGguf } from "./gguf/write.ts";
import { loadRuntime } from "./llama/runtime.ts";
import { loadModel } from "./load-model.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-load-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("loadModel", () => {
  it("says what it loaded", async () => {
    const facts = await nanoFacts();
    await using loaded = await loadModel({ path: NANO_PATH, gpu: false });
    expect(loaded.model).toEqual({
      name: "nano-base",
      architecture: "llama",
      quantization: "F16",
      parameters: facts.parameters,
      contextLength: 2048,
      fingerprint: facts.fingerprint,
      chatTemplateSha256: facts.base.chatTemplateSha256,
      tokenizerSha256: facts.base.tokenizerSha256,
      device: "cpu",
    });
    expect(facts.parameters).toBeGreaterThan(7e6);
  });

  it("takes the expected file alone", async () => {
    const sha256 = createHash("sha256")
      .update(await readFile(NANO_PATH))
      .digest("hex");
    await (await loadModel({ path: NANO_PATH, gpu: false, sha256 })).dispose();
    await expect(loadModel({ path: NANO_PATH, gpu: false, sha256: "0".repeat(64) })).rejects.toMatchObject({
      code: "model_untrusted",
      subject: NANO_PATH,
    });
  });

  it("refuses files that no native code may see", async () => {
    const path = join(folder, "bad.gguf");
    await writeFile(path, (await readFile(NANO_PATH)).subarray(0, 1_000_000));
    await expect(loadModel({ path, gpu: false })).rejects.toMatchObject({
      code: "model_invalid",
      message: expect.stringContaining("cut short"),
    });
    await expect(loadModel({ path: join(folder, "none.gguf") })).rejects.toMatchObject({
      code: "model_missing",
    });
  });

  it("turns what llama.cpp refuses into errors of the family, and prints nothing", async () => {
    const write = vi.spyOn(process.stderr, "write");
    const path = join(folder, "odd.gguf");
    await writeFile(path, tinyModel());
    for (const gpu of ["auto", false, "auto"] as const) {
      await expect(loadModel({ path, gpu })).rejects.toMatchObject({
        code: "model_failed",
        reason: expect.stringContaining("missing tensor"),
      });
    }
    const metadata = Object.fromEntries(
      Object.entries((await nanoFacts()).metadata).map(([key]) => [
        key,
        { type: "uint32", value: 1 } as const,
      ]),
    );
    await writeFile(path, writeGguf({ metadata, tensors: [] }));
    await expect(loadModel({ path, gpu: false })).rejects.toMatchObject({ code: "model_invalid" });
    await writeFile(
      path,
      tinyModel({
        "general.architecture": { type: "string", value: "brand-new" },
        "brand-new.block_count": { type: "uint32", value: 1 },
        "brand-new.embedding_length": { type: "uint32", value: 8 },
        "brand-new.context_length": { type: "uint32", value: 8 },
      }),
    );
    await expect(loadModel({ path, gpu: false })).rejects.toMatchObject({ code: "model_unsupported" });
    expect(write).not.toHaveBeenCalled();
    write.mockRestore();
  });

  it("names a setting that is wrong", async () => {
    const wrong = (extra: object) => loadModel({ path: NANO_PATH, gpu: false, ...extra });
    await expect(wrong({ contextLength: 4096 })).rejects.toMatchObject({ code: "invalid_setting" });
    await expect(wrong({ concurrency: 0 })).rejects.toMatchObject({
      subject: "loadModel settings, concurrency",
    });
    await expect(wrong({ unknown: 1 })).rejects.toMatchObject({ code: "invalid_setting" });
    await expect(wrong({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("says when memory does not suffice", async () => {
    vi.spyOn((await loadRuntime(false)).llama, "loadModel").mockRejectedValueOnce(
      new Error("unable to allocate CPU buffer"),
    );
    await expect(loadModel({ path: NANO_PATH, gpu: false })).rejects.toMatchObject({
      code: "out_of_memory",
      nextStep: expect.stringContaining("contextLength"),
    });
  });
});
