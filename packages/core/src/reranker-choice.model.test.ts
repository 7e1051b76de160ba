import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCrossEncoder } from "../../retrieval/test/make-cross-encoder.ts";
import { PAGES } from "../test/fixture.ts";
import { type AdvisorSettings, createAdvisor } from "./index.ts";

let root = "";
let folder = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "advisor-rerankers-"));
  folder = join(root, "cross-encoder");
  await makeCrossEncoder(folder);
});
afterAll(() => rm(root, { recursive: true, force: true }));

const search = async (settings: Pick<AdvisorSettings, "reranker" | "rerankDepth">) => {
  await using advisor = await createAdvisor({
    store: join(root, "store"),
    embedder: createFakeEmbedder(),
    ...settings,
  });
  await advisor.upsert(PAGES);
  return advisor.search("Which port has the VPN?");
};

describe("an advisor's reranker", () => {
  it("is none, the folder of a cross-encoder, or one with settings, and reads as deep as it is told", async () => {
    const without = await search({});
    expect(without.timings.rerankMs).toBeUndefined();
    expect(without.passages.length).toBeGreaterThan(1);
    for (const reranker of [folder, { folder, maxTokens: 64 }]) {
      const { passages, timings } = await search({ reranker });
      expect(timings.rerankMs).toBeGreaterThan(0);
      expect(passages.map(({ ranks }) => ranks.rerank)).not.toContain(undefined);
    }
    const { passages } = await search({ reranker: folder, rerankDepth: 1 });
    expect(passages.filter(({ ranks }) => ranks.rerank !== undefined)).toHaveLength(1);
  });

  it("says what is wrong with it, at the first use", async () => {
    await expect(search({ reranker: join(root, "nowhere") })).rejects.toMatchObject({
      code: "model_missing",
    });
    for (const reranker of ["https://rerank.example", "cross-encoder.gguf"]) {
      await expect(search({ reranker })).rejects.toMatchObject({ code: "invalid_setting" });
    }
    // @ts-expect-error what a caller without types may hand over
    await expect(search({ reranker: { folder, dytpe: "q8" } })).rejects.toThrow("dytpe");
  });
});
