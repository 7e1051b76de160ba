import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_PRINCIPAL } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";
import { spawnChild } from "./spawn-child.ts";
import { textOf } from "./write-race.ts";

// What `npm run bench -- readers` runs: `readers-main.ts <documents> <searches>`.
const [documents = 200, searches = 300] = process.argv.slice(3).map(Number);
const folder = await mkdtemp(join(tmpdir(), "readers-"));
const location = join(folder, "store");
const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
try {
  const uris = Array.from({ length: documents }, (_, i) => `d${i}`);
  await knowledge.upsert(uris.map((uri) => ({ uri, text: textOf(uri, "w-0") })));
  const measure = async () => {
    const waits: number[] = [];
    for (let i = 0; i < searches; i++) {
      const begin = performance.now();
      await knowledge.search({ query: "zebra grass", principal: DEFAULT_PRINCIPAL });
      waits.push(performance.now() - begin);
    }
    waits.sort((a, b) => a - b);
    return (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  };
  await measure();
  const alone = await measure();
  const child = await spawnChild("busy-writer-child.ts", location, String(documents));
  await child.ready;
  const beside = await measure();
  child.kill();
  await child.ended;
  for (const [name, share] of [
    ["median", 0.5],
    ["p95", 0.95],
    ["longest", 1],
  ] as const) {
    const ratio = (beside(share) / alone(share)).toFixed(1);
    process.stdout.write(
      `${name}: alone ${alone(share).toFixed(1)} ms, beside ${beside(share).toFixed(1)} ms (${ratio})\n`,
    );
  }
} finally {
  await knowledge.dispose();
  await rm(folder, { recursive: true, force: true });
}
