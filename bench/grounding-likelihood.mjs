// Whether the nano model's own likelihood of a sentence helps to choose it: `npm run bench -- grounding-likelihood [questions]`.
// Since nano points at sentences by letters it never writes one, and this tells little of it; it is kept for models that write.
//
// On the first half of squad-dev: the best CANDIDATES sentences by words and embedding get the model's mean log probability
// a token as a reply to its own prompt (passages dropped from the end until it is of reliable length, or all four), centred
// over the candidates, and added with growing weights. Printed: how often the best one holds a gold answer.
import { loadModel } from "@advisor/adapters";
import { nanoChatModel } from "@advisor/nano";
import { scoreEvidence } from "../packages/core/dist/grounding/evidence.js";
import { layOutPrompt } from "../packages/core/dist/prompt/layout.js";
import { findEval, holds, openEmbedder, readSquad } from "./lib/grounding-data.mjs";

const CANDIDATES = 6;
const WEIGHTS = [0, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 4];
const folder = findEval();
if (!folder) {
  console.log(
    "grounding-likelihood: no squad-dev under ../shared/eval or $ADVISOR_SHARED/eval, so there is nothing to measure.",
  );
  process.exit(0);
}
const { path, card } = await nanoChatModel();
const models = await openEmbedder();
const generator = await loadModel({ path, gpu: false, contextLength: card.contextLength });
const squad = (await readSquad(folder, models))
  .filter(({ half }) => half === 0)
  .slice(0, Number(process.argv[2] ?? Number.POSITIVE_INFINITY));

const messagesOf = (question, passages) => layOutPrompt(card.prompt, { question, passages, history: [] });
/** The first passages that make a prompt of reliable length; at least one. */
function reliable(question, passages) {
  let kept = passages.length;
  while (
    kept > 1 &&
    generator.countTokens(messagesOf(question, passages.slice(0, kept))) > card.reliablePromptTokens
  )
    kept--;
  return passages.slice(0, kept);
}

const rows = [];
for (const { question, answers, found } of squad) {
  const evidence = await scoreEvidence({
    question,
    passages: found,
    embedder: models.embedder,
    settings: card.evidence,
  });
  const best = evidence.slice(0, CANDIDATES);
  const row = { best, answers };
  for (const [name, passages] of [
    ["reliable", reliable(question, found)],
    ["four", found],
  ]) {
    const messages = messagesOf(question, passages);
    if (generator.countTokens(messages) > card.contextLength - 300) continue;
    const values = await generator.likelihoods({ messages, candidates: best.map(({ text }) => text) });
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    row[name] = values.map((value) => value - mean);
  }
  rows.push(row);
  if (rows.length % 40 === 0 && rows.length < squad.length) report();
}
await generator.dispose();
await models.embedder.dispose();

report();

function report() {
  console.log(`${rows.length} questions; the best sentence holds a gold answer, by weight of the likelihood`);
  console.log(`  weight  ${WEIGHTS.map((weight) => String(weight).padStart(6)).join("")}   alone`);
  for (const name of ["reliable", "four"]) {
    const share = (scoreOf) => {
      const right = rows.filter(({ best, answers, [name]: likely = [] }) => {
        const scores = best.map((sentence, i) => scoreOf(sentence.score, likely[i] ?? 0));
        return holds(best[scores.indexOf(Math.max(...scores))]?.text ?? "", answers);
      });
      return (right.length / rows.length).toFixed(3);
    };
    const cells = WEIGHTS.map((weight) => share((score, likely) => score + weight * likely));
    console.log(
      `  ${name.padEnd(8)}${cells.map((cell) => cell.padStart(6)).join("")}   ${share((_, likely) => likely)}`,
    );
  }
}
