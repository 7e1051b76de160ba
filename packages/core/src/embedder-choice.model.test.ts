import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nanoChatModel, nanoEmbedder } from "@advisor/nano";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PAGES } from "../test/fixture.ts";
import type { AdvisorSettings } from "./index.ts";
import { createAdvisor } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-embedders-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const search = async (embedder: AdvisorSettings["embedder"], name: string) => {
  await using advisor = await createAdvisor({
    store: join(folder, name),
    ...(embedder && { embedder }),
    gpu: false,
  });
  await advisor.upsert(PAGES);
  const { passages } = await advisor.search("Which port has the VPN?", { mode: "vector" });
  return passages.map(({ uri }) => uri);
};

describe("an advisor's embedder", () => {
  it("is nano, a folder or a GGUF by its path, or a choice with settings", async () => {
    const { folder: nano } = await nanoEmbedder();
    const { path: gguf } = await nanoChatModel();
    expect((await search(undefined, "a"))[0]).toBe("it/vpn.md");
    expect((await search(nano, "b"))[0]).toBe("it/vpn.md");
    expect(await search(gguf, "c")).toHaveLength(3);
    expect(await search({ type: "gguf", path: gguf, pooling: "last", vectorWeight: 0.1 }, "d")).toHaveLength(
      3,
    );
    expect((await search({ type: "transformers", folder: nano, maxTokens: 64 }, "e"))[0]).toBe("it/vpn.md");
    // A store knows them apart.
    await expect(search({ type: "gguf", path: gguf, pooling: "last" }, "c")).rejects.toMatchObject({
      code: "store_embedder_mismatch",
    });
  });

  it("says what is wrong with a choice, at the field", async () => {
    // @ts-expect-error what a caller without types may hand over
    await expect(createAdvisor({ embedder: { type: "word2vec" } })).rejects.toThrow(
      "transformers, gguf or openai",
    );
    // @ts-expect-error what a caller without types may hand over
    await expect(search({ type: "gguf", path: "x.gguf", poling: "cls" }, "f")).rejects.toThrow("poling");
    await expect(
      search({ type: "openai", url: "https://models.example/v1", model: "m" }, "g"),
    ).rejects.toThrow("another machine");
    await expect(search("http://127.0.0.1:1/v1", "h")).rejects.toThrow("which model");
  });
});
