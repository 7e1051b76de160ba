// Stores of 10,000, 100,000 and 1,000,000 chunks over generated pages with real words, for whoever measures at scale.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { nanoEmbedder } from "@advisor/nano";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";
import { perturbingEmbedder } from "./bench-embedder.mjs";
import { corpus } from "./generated-corpus.mjs";

/** Texts whose embeddings are perturbed. */
const BASES = 20_000;
/** Documents handed over in one call. */
export const SIZES = { "10k": 10_000, "100k": 100_000, "1m": 1_000_000 };
/** One document in a hundred may be read by this role, so that a filter allows 1 %; one in ten by the next. */
export const RARE_ROLE = "rare";

export async function openScaleEmbedder() {
  const model = await nanoEmbedder();
  const { name, maxTokens, sha256, vectorWeight } = model.card;
  const real = await createTransformersEmbedder({ folder: model.folder, name, maxTokens, sha256 });
  const pages = corpus();
  // A fifth of the sentences stays out of the store: questions are made of it.
  const texts = pages.sentences.filter((_, i) => i % 5 !== 0).slice(0, BASES);
  const heldOut = pages.sentences.filter((_, i) => i % 5 === 0);
  return { real, embedder: await perturbingEmbedder(real, texts), pages, heldOut, vectorWeight };
}

/** Opens the store of this size, made if it is not there. `onStep` is told how making it goes. */
export async function openScaleStore(folder, size, parts, onStep = () => {}) {
  await mkdir(folder, { recursive: true });
  const location = join(folder, size);
  const { embedder, pages, vectorWeight } = parts;
  const wanted = SIZES[size];
  const made = `${location}.json`;
  const knowledge = await openKnowledge({ location, embedder, vectorWeight });
  if (existsSync(made)) return { knowledge, location, report: JSON.parse(readFileSync(made, "utf8")) };
  const begin = performance.now();
  let chunks = 0;
  let peak = 0;
  let mb = 0;
  // Counted as pages are handed out: a page has some 18 chunks, and the writer is at most three batches behind.
  async function* documents() {
    for (let number = 0; chunks < wanted; number++) {
      const text = pages.document(number);
      mb += text.length / 1e6;
      chunks += pages.chunksOf(text);
      const roles =
        number % 100 === 0 ? [RARE_ROLE, "staff"] : number % 10 === 1 ? ["tenth", "staff"] : ["staff"];
      yield { uri: `pages/${number}.md`, text, roles };
      if (number % 500 === 0) {
        peak = Math.max(peak, process.memoryUsage.rss());
        onStep({ number, chunks, peak, seconds: (performance.now() - begin) / 1000 });
      }
    }
  }
  const cpu = process.cpuUsage();
  const ingest = await knowledge.upsert(documents());
  const { user, system } = process.cpuUsage(cpu);
  const report = {
    documents: ingest.added.length,
    chunks: ingest.chunks,
    megabytes: mb,
    seconds: ingest.elapsedMs / 1000,
    processorSeconds: (user + system) / 1e6,
    peakMegabytes: peak / 1e6,
  };
  writeFileSync(made, JSON.stringify(report, null, 2));
  return { knowledge, location, report };
}
