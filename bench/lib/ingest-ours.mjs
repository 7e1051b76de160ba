// Takes in a folder of Markdown with this repository, and prints what it took as JSON. Run by bench/ingest.mjs.
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";

const { pages, store, model, embedding } = JSON.parse(process.argv[2]);
const real = await createTransformersEmbedder({ folder: model, maxTokens: 512 });
const unit = Float32Array.from({ length: real.dimensions }, (_, i) => (i === 0 ? 1 : 0));
// Chunks are cut by the model's own tokens either way.
const embedder = embedding ? real : { ...real, id: "none", embed: async (texts) => texts.map(() => unit) };
await real.embed(["warm up"], "passage");
const knowledge = await openKnowledge({ location: store, embedder });

const begin = performance.now();
const cpu = process.cpuUsage();
const report = await knowledge.sync(pages);
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    seconds: (performance.now() - begin) / 1000,
    processorSeconds: (user + system) / 1e6,
    indexSeconds: report.indexMs / 1000,
    chunks: report.chunks,
    peakMegabytes: process.resourceUsage().maxRSS / 1000,
  }),
);
process.exit(0);
