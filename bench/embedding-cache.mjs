// What an embedding cache on the disk saves: the same pages stored in two new stores, with and without it.
// Needs a build: `npm run build`. Usage: node bench/embedding-cache.mjs [--model folder of another embedder] [--pages 40]
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nanoEmbedder } from "@advisor/nano";
import { createCachedEmbedder, createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";
import { corpus } from "./lib/generated-corpus.mjs";

const { values } = parseArgs({
  options: { model: { type: "string" }, pages: { type: "string", default: "40" } },
});
const home = await mkdtemp(join(tmpdir(), "embedding-cache-"));
const nano = await nanoEmbedder();
const { name, maxTokens, sha256 } = nano.card;
const open = () =>
  createTransformersEmbedder(
    values.model ? { folder: values.model } : { folder: nano.folder, name, maxTokens, sha256 },
  );
const pages = corpus();
const documents = Array.from({ length: Number(values.pages) }, (_, i) => ({
  uri: `p${i}.md`,
  text: pages.document(i),
}));
try {
  for (const [label, folder] of [
    ["without a cache", undefined],
    ["first time with one", join(home, "cache")],
    ["again, into a new store", join(home, "cache")],
  ]) {
    const plain = await open();
    const embedder = folder ? createCachedEmbedder(plain, { folder }) : plain;
    await embedder.embed(["warm"], "query");
    const store = await openKnowledge({ location: join(home, label), embedder });
    const before = process.cpuUsage();
    const { chunks, elapsedMs } = await store.upsert(documents);
    const { user, system } = process.cpuUsage(before);
    await store.dispose();
    await embedder.dispose();
    console.log(
      `${label}: ${chunks} chunks in ${(elapsedMs / 1000).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor time`,
    );
  }
  const names = await readdir(join(home, "cache"));
  const sizes = await Promise.all(names.map(async (each) => (await stat(join(home, "cache", each))).size));
  console.log(`the cache takes ${(sizes.reduce((a, b) => a + b, 0) / 1e6).toFixed(1)} MB`);
} finally {
  await rm(home, { recursive: true, force: true });
}
