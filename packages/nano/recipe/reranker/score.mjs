// Checks the trained reranker in transformers.js and measures whether it improves a ranking on data no model was trained on.
// Usage: node reranker/score.mjs --work FOLDER [--install [--force]]
//   It is installed only if it beats BM25's ranking on both sets; --force installs it all the same.
import { readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { guardInstall, installModel } from "../lib/install.mjs";
import { packageFolder } from "../lib/llama-cpp.mjs";
import { createBm25, readRankingSet, scoreRankings } from "../lib/ranking.mjs";

const MAX_DIFFERENCE = 1e-2;
/** How many of the first stage's best are put in a new order. */
const DEPTH = 20;
const { values } = parseArgs({
  options: {
    work: { type: "string", default: "/tmp/nano-recipe/reranker" },
    install: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
  },
});
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));
const folder = join(values.work, "nano-rerank");
const resolve = createRequire(join(packageFolder, "../retrieval/package.json")).resolve;
const { AutoModelForSequenceClassification, AutoTokenizer } = await import(
  pathToFileURL(resolve("@xenova/transformers")).href
);
const local = { local_files_only: true };
const tokenizer = await AutoTokenizer.from_pretrained(folder, local);
const model = await AutoModelForSequenceClassification.from_pretrained(folder, { ...local, dtype: "fp32" });

async function rate(query, passages) {
  const inputs = tokenizer(
    passages.map(() => query),
    { text_pair: passages, padding: true, truncation: true, max_length: 512 },
  );
  const { logits } = await model(inputs);
  return { scores: [...logits.data], ids: inputs.input_ids };
}

async function checkAgreement() {
  const rows = await readJson(join(values.work, "agreement.json"));
  let most = 0;
  for (const { query, passage, ids, score } of rows) {
    const said = await rate(query, [passage]);
    if ([...said.ids.data].map(Number).join() !== ids.join())
      throw new Error("transformers.js and the recipe cut a pair into different tokens");
    most = Math.max(most, Math.abs(said.scores[0] - score));
  }
  console.log(
    `PyTorch and transformers.js: scores differ by ${most.toExponential(1)} at most, on ${rows.length} pairs`,
  );
  if (!(most <= MAX_DIFFERENCE))
    throw new Error("PyTorch and transformers.js do not compute the same reranker");
}

async function measure(set) {
  const bm25 = createBm25(set.passages);
  const texts = new Map(set.passages.map(({ id, text }) => [id, text]));
  const [before, after] = [[], []];
  let pairs = 0;
  let spent = 0;
  for (const { question, relevant } of set.questions) {
    const ids = bm25(question);
    const top = ids.slice(0, DEPTH);
    const began = performance.now();
    const { scores } = await rate(
      question,
      top.map((id) => texts.get(id)),
    );
    spent += performance.now() - began;
    pairs += top.length;
    const order = top.map((id, i) => ({ id, score: scores[i] })).sort((a, b) => b.score - a.score);
    before.push({ ids, relevant });
    after.push({ ids: [...order.map(({ id }) => id), ...ids.slice(DEPTH)], relevant });
  }
  return {
    bm25: scoreRankings(before),
    reranked: scoreRankings(after),
    pairsPerSecond: Math.round((1000 * pairs) / spent),
  };
}

await checkAgreement();
const scores = { headline: {}, bytes: (await stat(join(folder, "onnx/model.onnx"))).size };
const bar = {};
for (const [name, metric] of [
  ["squad-dev", "R@1"],
  ["cranfield", "nDCG@10"],
]) {
  const set = readRankingSet(name);
  if (!set) {
    console.log(`no ${name} under ../shared/eval or $ADVISOR_SHARED/eval: left out`);
    continue;
  }
  if (values.smoke) set.questions = set.questions.slice(0, 4);
  const { pairsPerSecond, ...rows } = await measure(set);
  console.log(`${name}: the best ${DEPTH} of BM25 in a new order, ${pairsPerSecond} pairs a second`);
  console.table(rows);
  scores[name] = { ...rows, pairsPerSecond };
  scores.headline[`${name} ${metric}`] = rows.reranked[metric];
  bar[`${name} ${metric}`] = rows.bm25[metric];
}
await writeFile(join(values.work, "scores.json"), `${JSON.stringify(scores, null, 2)}\n`);
if (values.install) {
  if (Object.keys(bar).length < 2)
    throw new Error("without both evaluation sets nobody knows whether it helps: nothing was installed");
  guardInstall({ name: "ranking", shipped: bar, rebuilt: scores.headline, force: values.force });
  const made = await readJson(join(values.work, "made.json"));
  const files = ["onnx/model.onnx", "tokenizer.json", "tokenizer_config.json", "config.json"];
  const card = {
    kind: "reranker",
    name: "nano-rerank",
    file: "nano-rerank",
    license: "Apache-2.0",
    data: `Trained on ${made.sentences} sentences of ${made.sections} sections (${made.sources.join(", ")}) in ${made.run.seconds} s on ${made.device}, from scratch.`,
    limits: ["English only.", "Reads 512 word pieces of question and passage together."],
    maxTokens: 512,
  };
  await installModel({
    models: join(packageFolder, "models"),
    card,
    files: files.map((file) => [join(folder, file), join("nano-rerank", file)]),
    scores,
    force: values.force,
  });
  console.log("installed; nothing in @advisor/retrieval reads it yet");
}
await model.dispose();
