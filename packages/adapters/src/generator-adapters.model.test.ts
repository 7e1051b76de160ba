import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GenerateRequest, GenerateResult, Generator } from "@advisor/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NANO_PATH, NANO_QUESTION, nanoLora } from "../test/nano.ts";
import { loadModel } from "./load-model.ts";
import { addAdapterManifest } from "./lora/add-manifest.ts";

let folder: string;

async function addLora(name: string, options: Parameters<typeof nanoLora>[0]): Promise<string> {
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

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "advisor-test-"));
    const adapters = [
      await addLora("first", { seed: 1 }),
      await addLora("second", { seed: 2, type: "F16" }),
      await addLora("third", { seed: 3 }),
      await addLora("idle", { size: 0 }),
      await addLora("broken", { size: Number.NaN }),
    ];
    generator = await loadModel({ path: NANO_PATH, gpu: false, adapters, maxAdapterContexts: 2 });
  });
  afterAll(async () => {
    await generator.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it("change what is written, and leave the base as it was", async () => {
    const base = await run(generator);
    const first = await run(generator, { adapter: { name: "first" } });
    const second = await run(generator, { adapter: { name: "second" } });
    expect(base.text).toBe("Employees get 25 days of leave. [1]");
    expect(first.text).not.toBe(base.text);
    expect(second.text).not.toBe(base.text);
    expect(second.text).not.toBe(first.text);
    expect((await run(generator)).text).toBe(base.text);
    expect((await run(generator, { adapter: { name: "first", scale: 0 } })).text).toBe(base.text);
  });
});
