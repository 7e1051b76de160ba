// Whether several embedders in worker threads take text in faster than one that has all cores.
//
// `npm run bench -- embedding-threads [--model FOLDER] [--texts 2000] [--pages 60] [--runs 3]`. Default: the embedded
// embedder. A transformer of any shape with random weights: `python3 -m embedder.shapes` in packages/nano/recipe.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nanoEmbedder } from "@advisor/nano";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    texts: { type: "string", default: "2000" },
    pages: { type: "string", default: "60" },
    runs: { type: "string", default: "3" },
  },
});
const cores = availableParallelism();
const model = values.model ?? (await nanoEmbedder()).folder;
const arms = {
  "one, a thread a core": { workers: 0, threads: cores },
  "one, one thread": { workers: 0, threads: 1 },
  "one worker, a thread a core": { workers: 1, threads: cores, piece: 256 },
  "a worker a core, one thread each, 64 texts": { workers: cores, threads: 1, piece: 64 },
  "a worker a core, one thread each, 16 texts": { workers: cores, threads: 1, piece: 16 },
  "one, a thread a core, 32 texts": { workers: 0, threads: cores, piece: 32, pages: 0 },
  "one, a thread a core, 16 texts": { workers: 0, threads: cores, piece: 16, pages: 0 },
  "one, a thread a core, 8 texts": { workers: 0, threads: cores, piece: 8, pages: 0 },
  "one, a thread a core, 64 texts as they come": {
    workers: 0,
    threads: cores,
    piece: 64,
    sorted: false,
    pages: 0,
  },
};
const folder = await mkdtemp(join(tmpdir(), "advisor-threads-"));
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const found = Object.fromEntries(Object.keys(arms).map((name) => [name, []]));
try {
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, arm] of Object.entries(arms)) {
      const input = {
        model,
        texts: Number(values.texts),
        pages: Number(values.pages),
        store: join(folder, "s"),
        ...arm,
      };
      const script = fileURLToPath(new URL("lib/embedding-arm.mjs", import.meta.url));
      found[name].push(
        JSON.parse(
          execFileSync(process.execPath, [script, JSON.stringify(input)], {
            stdio: ["ignore", "pipe", "inherit"],
          }).toString(),
        ),
      );
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
/** Of an arm that took no pages in there is nothing to say. */
const round = (value, digits) => (Number.isFinite(value) && value > 0 ? Number(value.toFixed(digits)) : "");
const of = (name, field) => median(found[name].map((each) => each[field] ?? 0));
const [first] = Object.keys(arms);
console.table(
  Object.keys(arms).map((name) => ({
    arm: name,
    "texts a second": Math.round(Number(values.texts) / of(name, "embedSeconds")),
    times: round(of(first, "embedSeconds") / of(name, "embedSeconds"), 2),
    "processor s": round(of(name, "embedProcessor"), 2),
    "pages in, s": round(of(name, "ingestSeconds"), 2),
    "times ": round(of(first, "ingestSeconds") / of(name, "ingestSeconds"), 2),
    "processor s ": round(of(name, "ingestProcessor"), 2),
    "memory, MB": Math.round(of(name, "megabytes")),
  })),
);
