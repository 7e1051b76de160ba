// How fast source files become a searchable store, in MB a second, against LangChain.js with the same model and database.
//
// `npm run bench -- ingest [--mb 4] [--runs 3]`. LangChain.js (its Markdown splitter, its transformers.js embeddings, its
// LanceDB store; versions in bench/langchain) is installed at the first run, outside the workspace. Both read the same
// generated Markdown pages with the embedded embedder; LangChain's chunk size gives about as many chunks. LangChain makes no
// keyword index, so that part of ours is reported apart. Each run is a process of its own, in turns; medians count. Figures
// to reach: whole at least 1.5 times LangChain, with embedding taken out of both at least 3 times.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nanoEmbedder } from "@advisor/nano";
import { corpus } from "./lib/generated-corpus.mjs";

const MIN_WHOLE = 1.5;
const MIN_WITHOUT_EMBEDDING = 3;
const { values } = parseArgs({ options: { mb: { type: "string" }, runs: { type: "string" } } });
const megabytes = Number(values.mb ?? 4);
const runs = Number(values.runs ?? 3);
const langchain = fileURLToPath(new URL("langchain", import.meta.url));
if (!existsSync(join(langchain, "node_modules"))) {
  console.log("Installing LangChain.js in bench/langchain");
  execFileSync("npx", ["--yes", "pnpm@10.34.9", "install", "--frozen-lockfile"], {
    cwd: langchain,
    stdio: "inherit",
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
}

const folder = await mkdtemp(join(tmpdir(), "advisor-ingest-"));
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
try {
  const pages = join(folder, "pages");
  await mkdir(pages);
  const source = corpus({ seed: 7 });
  let written = 0;
  for (let number = 0; written < megabytes * 1e6; number++) {
    const text = source.document(number);
    written += Buffer.byteLength(text);
    await writeFile(join(pages, `${String(number).padStart(6, "0")}.md`), text);
  }
  const { folder: model } = await nanoEmbedder();
  const ours = fileURLToPath(new URL("lib/ingest-ours.mjs", import.meta.url));
  const theirs = join(langchain, "ingest.mjs");
  const sizes = { chunkSize: 640, chunkOverlap: 0 };
  const arms = {
    "ours, whole": [ours, { embedding: true }],
    "LangChain.js, whole": [theirs, { embedding: true, ...sizes }],
    "ours, no embedding": [ours, { embedding: false }],
    "LangChain.js, no embedding": [theirs, { embedding: false, ...sizes }],
  };
  const found = Object.fromEntries(Object.keys(arms).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, [script, settings]] of Object.entries(arms)) {
      const store = join(folder, "store");
      const input = JSON.stringify({ pages, store, model, ...settings });
      const output = execFileSync(process.execPath, [script, input], { stdio: ["ignore", "pipe", "ignore"] });
      found[name].push(JSON.parse(output.toString()));
      await rm(store, { recursive: true, force: true });
    }
  }
  const mb = written / 1e6;
  console.log(`${mb.toFixed(1)} MB of Markdown generated from ${source.from}, median of ${runs} runs`);
  const of = (name, field) => median(found[name].map((each) => each[field] ?? 0));
  console.table(
    Object.keys(arms).map((name) => ({
      arm: name,
      "MB/s without keyword index": round(mb / (of(name, "seconds") - of(name, "indexSeconds"))),
      "MB/s": round(mb / of(name, "seconds")),
      "keyword index, s": round(of(name, "indexSeconds")),
      "processor s": round(of(name, "processorSeconds")),
      chunks: of(name, "chunks"),
      "memory, MB": Math.round(of(name, "peakMegabytes")),
    })),
  );
  const ratio = (arm) =>
    of(`LangChain.js, ${arm}`, "seconds") /
    (of(`ours, ${arm}`, "seconds") - of(`ours, ${arm}`, "indexSeconds"));
  const whole = ratio("whole");
  const bare = ratio("no embedding");
  const verdict = (value, least) =>
    `${round(value)} times (${value >= least ? "reached" : "NOT reached"}: ${least})`;
  console.log(`whole: ${verdict(whole, MIN_WHOLE)}`);
  console.log(`embedding taken out of both: ${verdict(bare, MIN_WITHOUT_EMBEDDING)}`);
  process.exitCode = whole >= MIN_WHOLE && bare >= MIN_WITHOUT_EMBEDDING ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function round(value) {
  return Number(value.toFixed(2));
}
