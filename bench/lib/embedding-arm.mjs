// One arm of bench/embedding-threads.mjs, in a process of its own: prints as JSON how fast it embeds, and takes pages in.
// In a worker thread it is one of several embedders.
import { rm } from "node:fs/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";
import { corpus } from "./generated-corpus.mjs";

if (isMainThread) await measure(JSON.parse(process.argv[2]));
else await serve(workerData);

async function serve(settings) {
  const embedder = await createTransformersEmbedder(settings);
  parentPort.on("message", async (texts) => {
    const vectors = await embedder.embed(texts, "passage");
    parentPort.postMessage(
      vectors,
      vectors.map(({ buffer }) => buffer),
    );
  });
  parentPort.postMessage("ready");
}

/** The model in several worker threads, each of which takes the next texts when it is done. */
async function inWorkers(workers, threads, piece, model) {
  const own = await createTransformersEmbedder({ folder: model, threads: 1 });
  const idle = [];
  const waiting = [];
  const next = () => {
    while (idle.length > 0 && waiting.length > 0) {
      const worker = idle.pop();
      const { texts, resolve } = waiting.shift();
      worker.once("message", (vectors) => {
        idle.push(worker);
        resolve(vectors);
        next();
      });
      worker.postMessage(texts);
    }
  };
  const all = await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { folder: model, threads } });
      await new Promise((resolve) => worker.once("message", resolve));
      idle.push(worker);
      return worker;
    }),
  );
  const embed = async (texts) => {
    // Texts of like length go together, the longest first.
    const order = texts.map((_, i) => i).sort((a, b) => texts[b].length - texts[a].length);
    const vectors = new Array(texts.length);
    const jobs = [];
    for (let from = 0; from < order.length; from += piece) {
      const part = order.slice(from, from + piece);
      const job = new Promise((resolve) => waiting.push({ texts: part.map((i) => texts[i]), resolve }));
      const keep = (found) => {
        for (const [i, index] of part.entries()) vectors[index] = found[i];
      };
      jobs.push(job.then(keep));
    }
    next();
    await Promise.all(jobs);
    return vectors;
  };
  return { ...own, embed, stop: () => Promise.all(all.map((worker) => worker.terminate())) };
}

/** One model that takes so many texts at once: those of like length together, or as they come. */
async function inPieces(threads, piece, sorted, model) {
  const own = await createTransformersEmbedder({ folder: model, threads });
  const embed = async (texts) => {
    const order = texts.map((_, i) => i);
    if (sorted) order.sort((a, b) => texts[b].length - texts[a].length);
    const vectors = new Array(texts.length);
    for (let from = 0; from < order.length; from += piece) {
      const part = order.slice(from, from + piece);
      const found = await own.embed(
        part.map((i) => texts[i]),
        "passage",
      );
      for (const [i, index] of part.entries()) vectors[index] = found[i];
    }
    return vectors;
  };
  return { ...own, embed };
}

async function measure({ model, workers, threads, piece, sorted = true, pages, texts, store }) {
  const embedder = await (workers > 0
    ? inWorkers(workers, threads, piece, model)
    : piece
      ? inPieces(threads, piece, sorted, model)
      : createTransformersEmbedder({ folder: model, threads }));
  const source = corpus({ seed: 3 });
  const documents = Array.from({ length: pages }, (_, i) => ({ uri: `${i}.md`, text: source.document(i) }));
  const pieces = [];
  for (let i = 0; pieces.length < texts; i++) {
    const text = source.document(100_000 + i);
    for (let at = 0; at < text.length && pieces.length < texts; ) {
      const length = 60 + ((pieces.length * 7919) % 640);
      pieces.push(text.slice(at, at + length));
      at += length;
    }
  }
  await embedder.embed(pieces.slice(0, 64), "passage");
  let begin = performance.now();
  let cpu = process.cpuUsage();
  await embedder.embed(pieces, "passage");
  const embedSeconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const result = { embedSeconds, embedProcessor: (user + system) / 1e6 };
  if (pages > 0) {
    const knowledge = await openKnowledge({ location: store, embedder });
    begin = performance.now();
    cpu = process.cpuUsage();
    const report = await knowledge.upsert(documents);
    const used = process.cpuUsage(cpu);
    Object.assign(result, {
      ingestSeconds: (report.elapsedMs - report.indexMs) / 1000,
      ingestProcessor: (used.user + used.system) / 1e6,
      chunks: report.chunks,
    });
    await rm(store, { recursive: true, force: true });
  }
  console.log(JSON.stringify({ ...result, megabytes: process.resourceUsage().maxRSS / 1000 }));
  process.exit(0);
}
