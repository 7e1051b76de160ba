import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_PRINCIPAL } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { expect, test } from "vitest";
import { openKnowledge } from "../knowledge.ts";
import { createCachedEmbedder } from "./embedding-cache.ts";

test("a store made anew embeds nothing, and purge leaves no vector behind", async () => {
  const root = await mkdtemp(join(tmpdir(), "embedding-cache-"));
  const folder = join(root, "cache");
  const documents = [
    { uri: "a.md", text: "# A\n\nThe zebra sleeps at nine.", roles: ["administrator"] },
    { uri: "b.md", text: "# B\n\nThe okapi eats leaves.", roles: ["administrator"] },
  ];
  try {
    const fill = async (location: string) => {
      await using embedder = createCachedEmbedder(createFakeEmbedder(), { folder });
      await using store = await openKnowledge({ location, embedder });
      await store.upsert(documents);
      return embedder.counts;
    };
    expect(await fill(join(root, "one"))).toEqual({ found: 0, embedded: 2 });
    expect(await fill(join(root, "two"))).toEqual({ found: 2, embedded: 0 });
    await using embedder = createCachedEmbedder(createFakeEmbedder(), { folder });
    await using store = await openKnowledge({ location: join(root, "two"), embedder });
    const principal = { ...DEFAULT_PRINCIPAL, roles: ["administrator"] };
    await store.purge?.([{ uri: "a.md" }], principal);
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
