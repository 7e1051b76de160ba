import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { expect, test } from "vitest";
import { openKnowledge } from "../knowledge.ts";

/** `npm run bench -- identifiers` asks 200 of two wordings; these are 50 of a third seed. */
test("an exact identifier finds its page among near misses and mentions, wherever and however it is written", async () => {
  const made = new URL("../../../../bench/lib/identifier-set.mjs", import.meta.url).href;
  const { makeIdentifierSet } = await import(made);
  const { documents, questions } = makeIdentifierSet({ seed: 7, wording: "report", count: 50 });
  const folder = await mkdtemp(join(tmpdir(), "identifiers-"));
  try {
    await using knowledge = await openKnowledge({ location: folder, embedder: createFakeEmbedder() });
    await knowledge.upsert(documents);
    const principal = { tenant: "default", roles: ["administrator"] };
    const missed: string[] = [];
    for (const { question, uri } of questions) {
      const { passages } = await knowledge.search({ query: question, principal, topK: 1 });
      if (passages[0]?.uri !== uri) missed.push(question);
    }
    expect(missed.length, missed.join("\n")).toBeLessThanOrEqual(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
