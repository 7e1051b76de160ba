import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GenerateRequest, GenerateResult, Generator } from "@advisor/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NANO_ANSWER, NANO_PATH, NANO_QUESTION, nanoLora, pointingQuestion } from "../test/nano.ts";
import { loadModel } from "./load-model.ts";
import { addAdapterManifest } from "./lora/add-manifest.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function addLora(name: string, options: Parameters<typeof nanoLora>[0] = {}): Promise<string> {
  const path = join(folder, `${name}.gguf`);
  await writeFile(path, nanoLora(options));
  await addAdapterManifest({ adapter: path, base: NANO_PATH });
  return path;
}

async function run(generator: Generator, request: Partial<GenerateRequest> = {}): Promise<GenerateResult> {
  for await (const event of generator.generate({ messages: NANO_QUESTION, maxTokens: 24, ...request })) {
    if (event.type === "done") return event.result;
  }
  throw new Error("no done event");
}

describe("adapters on nano", () => {
  let generator: Generator;
  const use = (name: string, scale?: number) => ({
    adapter: { name, ...(scale === undefined ? {} : { scale }) },
  });

  beforeAll(async () => {
    const adapters = [
      await addLora("first", { seed: 1 }),
      await addLora("second", { seed: 2, type: "F16" }),
      await addLora("third", { seed: 3, targets: { "blk.0.attn_v.weight": [384, 384] }, size: 1 }),
      await addLora("idle", { size: 0 }),
      await addLora("broken", { size: Number.NaN }),
    ];
    generator = await loadModel({ path: NANO_PATH, gpu: false, adapters, maxAdapterContexts: 2 });
  });
  afterAll(() => generator.dispose());

  it("change what is written, and leave the base as it was", async () => {
    const base = await run(generator);
    const first = await run(generator, use("first"));
    const second = await run(generator, use("second"));
    expect(base.text).toBe(NANO_ANSWER);
    expect(first.text).not.toBe(base.text);
    expect(second.text).not.toBe(base.text);
    expect(second.text).not.toBe(first.text);
    expect((await run(generator)).text).toBe(base.text);
    expect((await run(generator, use("first", 0))).text).toBe(base.text);
    expect((await run(generator, use("first", 0.5))).text).not.toBe(first.text);
  });

  it("write warm what they write cold, token for token, through switches and evictions", async () => {
    const requests: Partial<GenerateRequest>[] = [
      {},
      use("first"),
      use("second"),
      { messages: pointingQuestion("When does the office open in the morning?") },
      { messages: pointingQuestion("When does the office open in the morning?"), ...use("first") },
      use("third"),
    ];
    const cold: string[] = [];
    for (const request of requests) {
      const fresh = await loadModel({
        path: NANO_PATH,
        gpu: false,
        adapters: ["first", "second", "third"].map((name) => join(folder, `${name}.gguf`)),
      });
      cold.push((await run(fresh, request)).text);
      await fresh.dispose();
    }
    const order = [0, 1, 0, 2, 1, 3, 4, 5, 2, 0, 4, 1, 3, 5, 0, 0, 1, 1];
    for (const index of order) {
      expect((await run(generator, requests[index])).text, `request ${index}`).toBe(cold[index]);
    }
    const together = await Promise.all(order.map((index) => run(generator, requests[index])));
    expect(together.map(({ text }) => text)).toEqual(order.map((index) => cold[index]));
  });

  it("score candidates with their own weights", async () => {
    const candidates = ["Employees get 25 days of leave. [1]", "The sources do not answer this."];
    const score = (extra: object) =>
      generator.likelihoods?.({ messages: NANO_QUESTION, candidates, ...extra });
    const base = await score({});
    expect(await score(use("first"))).not.toEqual(base);
    expect(await score(use("first", 0))).toEqual(base);
  });

  it("must pass the canary at their first use", async () => {
    for (const name of ["idle", "broken"]) {
      await expect(run(generator, use(name)), name).rejects.toMatchObject({
        code: "adapter_without_effect",
        subject: join(folder, `${name}.gguf`),
      });
    }
    expect((await run(generator)).text).toBe(NANO_ANSWER);
  });

  it("are named when another is asked for", async () => {
    await expect(run(generator, use("fourth"))).rejects.toMatchObject({
      code: "unknown_adapter",
      reason: "it is not loaded; there are: first, second, third, idle, broken",
    });
  });

  it("are loaded from what was checked", async () => {
    const path = await addLora("swapped", { seed: 5 });
    const loaded = await loadModel({ path: NANO_PATH, gpu: false, adapters: [path] });
    await writeFile(path, nanoLora({ seed: 6 }));
    await expect(run(loaded, use("swapped"))).rejects.toMatchObject({
      code: "adapter_invalid",
      subject: path,
    });
    await writeFile(path, nanoLora({ seed: 5 }));
    expect((await run(loaded, use("swapped"))).text).not.toBe("");
    await rm(path);
    expect((await run(loaded, use("swapped", 0.7))).text).not.toBe("");
    await loaded.dispose();
  });

  it("leave no copies behind", async () => {
    const temporary = await mkdtemp(join(folder, "tmp-"));
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    try {
      const loaded = await loadModel({ path: NANO_PATH, gpu: false, adapters: [join(folder, "first.gguf")] });
      await run(loaded, use("first"));
      expect(await readdir(temporary)).toHaveLength(1);
      await loaded.dispose();
      expect(await readdir(temporary)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});

describe("loadModel", () => {
  const load = (adapters: readonly string[]) => loadModel({ path: NANO_PATH, gpu: false, adapters });

  it("refuses adapters without manifest, of one name, and that are none", async () => {
    const bare = join(folder, "bare.gguf");
    await writeFile(bare, nanoLora());
    await expect(load([bare])).rejects.toMatchObject({
      code: "adapter_unmanifested",
      nextStep: "Write one with `advisor adapters add`",
    });
    const path = await addLora("twin");
    await expect(load([path, path])).rejects.toMatchObject({ code: "invalid_setting" });
    await expect(load([NANO_PATH])).rejects.toMatchObject({ code: "adapter_invalid" });
    await expect(load([join(folder, "none.gguf")])).rejects.toMatchObject({ code: "adapter_missing" });
  });
});
