// Fits the sentence scorer's weights (packages/core/src/grounding/weights.ts) and prints them: `npm run bench -- grounding-fit`.
//
// A softmax over all sentences of a question's four passages and "none", with an L2 penalty, trained by Adam on the first
// half of squad-dev (with the gold passage and with it taken out) and on examples/handbook-dev-questions.jsonl (each as it
// is, and each answerable one with its page taken out), whose rows count DEV_WEIGHT times. Deterministic. It changes no file.
import { readCandidates } from "../packages/core/dist/grounding/candidates.js";
import { readFeatures } from "../packages/core/dist/grounding/features.js";
import { readNearness } from "../packages/core/dist/grounding/nearness.js";
import { readQuestion } from "../packages/core/dist/grounding/question.js";
import { FEATURE_WEIGHTS } from "../packages/core/dist/grounding/weights.js";
import {
  answersHandbook,
  findEval,
  holds,
  openEmbedder,
  readHandbook,
  readSquad,
} from "./lib/grounding-data.mjs";

const PENALTY = 0.01;
const STEPS = 500;
const RATE = 0.05;
const DEV_WEIGHT = 3;
/** Set by hand: the tuning sets hold too few identifiers to tell. */
const BY_HAND = ["opensWithIdentifier"];

const folder = findEval();
if (!folder) {
  console.log(
    "grounding-fit: no squad-dev under ../shared/eval or $ADVISOR_SHARED/eval, so there is nothing to fit on.",
  );
  process.exit(0);
}
const models = await openEmbedder();
const squad = (await readSquad(folder, models)).filter(({ half }) => half === 0);
const dev = await readHandbook("handbook-dev-questions.jsonl", models);

async function toRow(question, passages, isGold, weight) {
  const candidates = readCandidates(passages);
  const features = readFeatures(readQuestion(question), passages, candidates);
  const near = await readNearness(question, passages, candidates, models.embedder);
  const inputs = features.map((own, i) => ({ ...own, near: near[i] }));
  return { inputs, gold: candidates.map((candidate) => isGold(candidate)), weight };
}

const rows = [];
const none = () => false;
for (const { question, answers, gold, found, without } of squad) {
  const row = await toRow(
    question,
    found,
    (c) => found[c.passageIndex].uri === gold && holds(c.text, answers),
    1,
  );
  if (row.gold.some(Boolean)) rows.push(row);
  rows.push(await toRow(question, without, none, 1));
}
for (const row of dev) {
  const isGold = (c) => answersHandbook(row, row.found[c.passageIndex], c.text);
  rows.push(await toRow(row.question, row.found, isGold, DEV_WEIGHT));
  if (row.answerable) rows.push(await toRow(row.question, row.without, none, DEV_WEIGHT));
}
await models.embedder.dispose();

const names = [...Object.keys(FEATURE_WEIGHTS), "near"].filter((name) => !BY_HAND.includes(name));
const { weights, loss } = fit(rows, names);
console.log(`${rows.length} rows, mean log loss ${loss.toFixed(4)}`);
for (const [j, name] of names.entries()) console.log(`  ${name}: ${weights[j].toFixed(2)},`);
for (const name of BY_HAND) console.log(`  ${name}: ${FEATURE_WEIGHTS[name]}, (by hand)`);
console.log(`BIAS ${weights[names.length].toFixed(2)}; near is the card's embeddingWeight`);

function fit(rows, names) {
  const size = names.length + 1;
  const weights = new Float64Array(size);
  const first = new Float64Array(size);
  const second = new Float64Array(size);
  const data = rows.map(({ inputs, gold, weight }) => ({
    gold,
    weight,
    vectors: inputs.map((input) => Float64Array.from([...names.map((name) => input[name]), 1])),
    fixed: inputs.map((input) => BY_HAND.reduce((sum, name) => sum + FEATURE_WEIGHTS[name] * input[name], 0)),
  }));
  let loss = 0;
  for (let step = 1; step <= STEPS; step++) {
    const gradient = new Float64Array(size);
    loss = 0;
    for (const { vectors, fixed, gold, weight } of data) {
      const scores = vectors.map((vector, i) => vector.reduce((sum, x, j) => sum + weights[j] * x, fixed[i]));
      const top = Math.max(0, ...scores);
      const powers = scores.map((score) => Math.exp(score - top));
      // "None" has the score 0 by definition; it is the right choice of a row without gold.
      const noneShare = Math.exp(-top);
      const total = powers.reduce((a, b) => a + b, noneShare);
      const right = gold.some(Boolean)
        ? powers.reduce((sum, power, i) => sum + (gold[i] ? power : 0), 0)
        : noneShare;
      loss -= (weight * Math.log(right / total)) / data.length;
      for (const [i, power] of powers.entries()) {
        const pull = weight * (power / total - (gold[i] ? power / right : 0));
        for (let j = 0; j < size; j++) gradient[j] += pull * vectors[i][j];
      }
    }
    for (let j = 0; j < size; j++) {
      const slope = gradient[j] / data.length + (j < names.length ? PENALTY * weights[j] : 0);
      first[j] = 0.9 * first[j] + 0.1 * slope;
      second[j] = 0.999 * second[j] + 0.001 * slope ** 2;
      const step1 = first[j] / (1 - 0.9 ** step);
      weights[j] -= (RATE * step1) / (Math.sqrt(second[j] / (1 - 0.999 ** step)) + 1e-8);
    }
  }
  return { weights, loss };
}
