// How well search ranks: each leg and their fusion, with the embedded embedder.
//
// `node bench/retrieval-quality.mjs [--set squad-dev|cranfield] [--weight 0.2]` after `npm run build`. The data sets lie
// outside this repository, in ../shared/eval beside the checkout or where ADVISOR_SHARED points. Passages are handed over
// as plain-text documents and cut as any document is; ranks count documents. The fusion's weight was chosen on the first
// half of the squad-dev questions; figures to reach on the whole: hybrid R@1 >= 0.932, R@5 >= 0.99, and neither under the
// better of the two legs. On Cranfield: nDCG@10 (relevance above 0) not under the better leg.
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nanoEmbedder } from "@advisor/nano";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";

const { values } = parseArgs({ options: { set: { type: "string" }, weight: { type: "string" } } });
const shared = process.env.ADVISOR_SHARED ?? fileURLToPath(new URL("../../shared", import.meta.url));
const principal = { tenant: "default", roles: ["administrator"] };
const MODES = ["keyword", "vector", "hybrid"];
/** Chunks asked for: enough for ten documents. */
const TOP_K = 50;

const folder = await mkdtemp(join(tmpdir(), "retrieval-quality-"));
const model = await nanoEmbedder();
const { name, maxTokens, sha256, vectorWeight } = model.card;
const embedder = await createTransformersEmbedder({ folder: model.folder, name, maxTokens, sha256 });
const weight = values.weight === undefined ? vectorWeight : Number(values.weight);
try {
  for (const set of values.set ? [values.set] : ["squad-dev", "cranfield"]) await measure(set);
} finally {
  await embedder.dispose();
  await rm(folder, { recursive: true, force: true });
}

async function measure(set) {
  const data = readSet(join(shared, "eval", set));
  if (!data) {
    console.log(
      `${set}: the data set is not in ${join(shared, "eval", set)}; set ADVISOR_SHARED to its folder. Left out.`,
    );
    return;
  }
  const knowledge = await openKnowledge({ location: join(folder, set), embedder, vectorWeight: weight });
  const report = await knowledge.upsert(data.documents);
  const perSecond = Math.round((1000 * report.chunks) / report.elapsedMs);
  console.log(
    `\n${set}: ${data.documents.length} documents, ${report.chunks} chunks (${perSecond}/s), ${data.questions.length} questions`,
  );
  console.log(`${name}, vector weight ${weight}`);
  const scores = Object.fromEntries(MODES.map((mode) => [mode, []]));
  const times = [];
  for (const { question, relevant } of data.questions) {
    for (const mode of MODES) {
      const { passages, timings } = await knowledge.search({ query: question, principal, mode, topK: TOP_K });
      if (mode === "hybrid") times.push(timings.totalMs);
      scores[mode].push(score([...new Set(passages.map(({ uri }) => uri))], relevant));
    }
  }
  const half = data.questions.length >> 1;
  const parts = { "first half": [0, half], "second half": [half], whole: [0] };
  console.table(
    MODES.flatMap((mode) =>
      Object.entries(parts).map(([part, range]) => ({
        leg: mode,
        questions: part,
        ...mean(scores[mode].slice(...range)),
      })),
    ),
  );
  times.sort((a, b) => a - b);
  console.log(
    `hybrid search: p50 ${at(times, 0.5)} ms, p95 ${at(times, 0.95)} ms; memory ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  );
  verdict(set, scores);
  await knowledge.dispose();
}

/** `{ documents, questions: [{ question, relevant: Set of uris }] }`, or undefined when the set is not there. */
function readSet(path) {
  const lines = (file) =>
    readFileSync(join(path, file), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  if (!existsSync(join(path, "passages.jsonl"))) return undefined;
  const documents = lines("passages.jsonl").map(({ id, title, text }) => ({
    uri: String(id),
    text: text || "-",
    mediaType: "text/plain",
    ...(title ? { title } : {}),
  }));
  const questions = existsSync(join(path, "questions.jsonl"))
    ? lines("questions.jsonl").map(({ question, passage }) => ({
        question,
        relevant: new Set([String(passage)]),
      }))
    : lines("queries.jsonl").map(({ question, relevance }) => ({
        question,
        relevant: new Set(Object.keys(relevance).filter((id) => relevance[id] > 0)),
      }));
  return { documents, questions };
}

/** Recall at 1 and 5 (a relevant document among the first), and nDCG@10 with binary gains (Järvelin and Kekäläinen, 2002). */
function score(ranked, relevant) {
  const gain = (rank) => 1 / Math.log2(rank + 2);
  const found = ranked.slice(0, 10).map((uri, rank) => (relevant.has(uri) ? gain(rank) : 0));
  const ideal = Array.from({ length: Math.min(10, relevant.size) }, (_, rank) => gain(rank));
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  return {
    "R@1": Number(relevant.has(ranked[0])),
    "R@5": Number(ranked.slice(0, 5).some((uri) => relevant.has(uri))),
    "nDCG@10": ideal.length > 0 ? sum(found) / sum(ideal) : 0,
  };
}

function mean(list) {
  const average = (key) => list.reduce((sum, one) => sum + one[key], 0) / list.length;
  return Object.fromEntries(["R@1", "R@5", "nDCG@10"].map((key) => [key, Number(average(key).toFixed(4))]));
}

function verdict(set, scores) {
  const whole = Object.fromEntries(MODES.map((mode) => [mode, mean(scores[mode])]));
  const keys = set === "cranfield" ? ["nDCG@10"] : ["R@1", "R@5"];
  const floor = set === "squad-dev" ? { "R@1": 0.932, "R@5": 0.99 } : {};
  const under = keys.filter((key) => {
    const better = Math.max(whole.keyword[key], whole.vector[key], floor[key] ?? 0);
    return whole.hybrid[key] < better;
  });
  console.log(under.length === 0 ? "reached" : `NOT reached: ${under.join(", ")}`);
  if (under.length > 0) process.exitCode = 1;
}

function at(sorted, share) {
  return sorted[Math.floor(sorted.length * share)]?.toFixed(1);
}
