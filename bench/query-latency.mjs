// How long a hybrid search takes among 10,000, 100,000 and 1,000,000 chunks, against LanceDB called bare, and what its index misses.
//
// `npm run bench -- query-latency [10k 100k 1m] [--stores folder] [--questions 60]`. A store that is not in the folder is
// made first: generated pages (bench/lib/generated-corpus.mjs) with a real keyword index, vectors that are real embeddings
// perturbed; the million takes half an hour and 4 GB. Bare is one filtered vector query and one filtered keyword query side
// by side on the same table, with the same candidates, columns, clauses and index settings; embedding the question is in
// neither. Each pair is timed in turns and the ratio is of the medians. Figures to reach: hybrid at most 1.15 times bare; the
// largest store at most 4 times the smallest; recall@10 of the vector leg against every vector compared at least 0.95 on
// questions that are not in the store, also for a role that may read 1 % of the pages.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { perturb } from "./lib/bench-embedder.mjs";
import { openRawTable } from "./lib/raw-table.mjs";
import { openScaleEmbedder, openScaleStore, RARE_ROLE, SIZES } from "./lib/scale-store.mjs";

const MAX_RATIO = 1.15;
const MAX_GROWTH = 4;
const MIN_RECALL = 0.95;
const TOP_K = 5;
/** What each leg of a hybrid search gives: see packages/retrieval/src/search/search.ts. */
const CANDIDATES = 50;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stores: { type: "string" }, questions: { type: "string" } },
});
const folder = values.stores ?? join(tmpdir(), "advisor-scale-stores");
const sizes = positionals.length > 0 ? positionals : ["10k", "100k"];
const unknown = sizes.find((size) => !(size in SIZES));
if (unknown) throw new Error(`unknown size ${unknown}: name ${Object.keys(SIZES).join(", ")}`);
const readers = {
  administrator: ["administrator"],
  "all pages by role": ["staff"],
  "1 % of pages": [RARE_ROLE],
};
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const p95 = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length * 0.95)];

const parts = await openScaleEmbedder();
const questions = parts.heldOut
  .filter((sentence) => sentence.length >= 30 && sentence.length <= 140)
  .slice(0, Number(values.questions ?? 60));
const vectors = new Map(
  (await parts.real.embed(questions, "query")).map((vector, i) => [questions[i], perturb(vector, i)]),
);
// Questions have their vectors already, so that embedding is in neither side.
const embedder = {
  ...parts.embedder,
  embed: async (texts, kind) =>
    kind === "query" ? texts.map((text) => vectors.get(text)) : parts.embedder.embed(texts),
};

const p50 = {};
let missed = false;
for (const size of sizes) {
  const { knowledge, location, report } = await openScaleStore(
    folder,
    size,
    { ...parts, embedder },
    tell(size),
  );
  console.log(
    `\n${size}: ${report.chunks.toLocaleString("en")} chunks in ${report.documents.toLocaleString("en")} pages, ` +
      `written in ${Math.round(report.seconds)} s (${Math.round(report.processorSeconds)} s of processor time); ` +
      `memory while writing at most ${Math.round(report.peakMegabytes)} MB`,
  );
  const raw = await openRawTable(location);
  const rows = [];
  for (const [reader, roles] of Object.entries(readers)) {
    const principal = { tenant: "default", roles };
    const filter = raw.filterOf(principal);
    const times = { ours: [], bare: [], plain: [], vector: [], keyword: [] };
    const ours = async (query) => {
      const { timings } = await knowledge.search({ query, principal, topK: TOP_K });
      times.vector.push(timings.vectorMs);
      times.keyword.push(timings.keywordMs);
    };
    const bare = (query) =>
      Promise.all([
        raw.nearest(vectors.get(query), filter, CANDIDATES),
        raw.keyword(query, filter, CANDIDATES),
      ]);
    const plain = (query) =>
      Promise.all([
        raw.nearest(vectors.get(query), filter, CANDIDATES),
        raw.words(query, filter, CANDIDATES),
      ]);
    for (const query of questions.slice(0, 5)) for (const side of [ours, bare, plain]) await side(query);
    for (const list of Object.values(times)) list.length = 0;
    for (const [turn, query] of questions.entries()) {
      const sides = Object.entries({ ours, bare, plain });
      for (let i = 0; i < sides.length; i++) {
        const [name, side] = sides[(i + turn) % sides.length];
        const begin = performance.now();
        await side(query);
        times[name].push(performance.now() - begin);
      }
    }
    let found = 0;
    let wanted = 0;
    for (const query of questions) {
      const [got, truth] = await Promise.all([
        raw.nearest(vectors.get(query), filter, CANDIDATES),
        raw.nearest(vectors.get(query), filter, CANDIDATES, true),
      ]);
      const best = truth.slice(0, 10);
      wanted += best.length;
      found += best.filter((id) => got.slice(0, 10).includes(id)).length;
    }
    const ratio = median(times.ours) / median(times.bare);
    const recall = found / wanted;
    if (reader === "administrator") p50[size] = median(times.ours);
    missed ||= ratio > MAX_RATIO || recall < MIN_RECALL;
    rows.push({
      reader,
      "hybrid p50, ms": round(median(times.ours)),
      p95: round(p95(times.ours)),
      "vector leg": round(median(times.vector)),
      "keyword leg": round(median(times.keyword)),
      "bare p50": round(median(times.bare)),
      ratio: round(ratio, 2),
      "plain words": round(median(times.plain)),
      "recall@10": round(recall, 3),
    });
  }
  console.table(rows);
  raw.close();
  await knowledge.dispose();
}
const growth = p50[sizes.at(-1)] / p50[sizes[0]];
missed ||= growth > MAX_GROWTH;
if (sizes.length > 1) console.log(`${sizes[0]} to ${sizes.at(-1)}: ${round(growth, 1)} times`);
console.log(missed ? "NOT reached" : "reached");
await parts.real.dispose();
process.exitCode = missed ? 1 : 0;

function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

function tell(size) {
  return ({ chunks, peak, seconds }) =>
    process.stderr.write(
      `\r${size}: some ${chunks} chunks handed over in ${Math.round(seconds)} s, ${Math.round(peak / 1e6)} MB `,
    );
}
