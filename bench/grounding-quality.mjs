// How good quoted answers and refusals are: `npm run bench -- grounding-quality [--questions N] [--test]`.
//
// squad-dev (632 questions over 120 passages, not part of this repository): how often the quoted sentence holds a gold
// answer, from the four passages that hybrid search finds and from the gold passage alone, against the sentence that BM25
// picks; how often a question whose passage was taken out is refused, against how often an answerable one is, by threshold.
// The handbook: the same for its questions for tuning, and with --test for the 60 questions that nothing was tuned on.
import { parseArgs } from "node:util";
import { nanoChatModel } from "@advisor/nano";
import { readCandidates } from "../packages/core/dist/grounding/candidates.js";
import { scoreEvidence } from "../packages/core/dist/grounding/evidence.js";
import { planQuoted } from "../packages/core/dist/grounding/quoted.js";
import { readWords } from "../packages/core/dist/grounding/words.js";
import {
  answersHandbook,
  findEval,
  holds,
  openEmbedder,
  readHandbook,
  readSquad,
} from "./lib/grounding-data.mjs";

/** Measured before this project: the sentence that plain BM25 picks from four passages holds a gold answer. */
const FIGURE = 0.733;
const { values } = parseArgs({ options: { questions: { type: "string" }, test: { type: "boolean" } } });
const { card } = await nanoChatModel();
const models = await openEmbedder();
const settings = card.evidence;
const share = (part, whole) => (whole === 0 ? 0 : part / whole).toFixed(3);
const count = (rows, test) => rows.filter(test).length;

/** The best sentence with its score, and whether what `quoted` grounding would answer is verbatim source text. */
async function answer(question, passages) {
  if (passages.length === 0) return { score: Number.NEGATIVE_INFINITY, text: "", verbatim: true };
  const evidence = await scoreEvidence({ question, passages, embedder: models.embedder, settings });
  const plan = planQuoted({ evidence, settings, prompt: card.prompt });
  const [only] = plan.format.choices;
  const said = plan.parse(only);
  const verbatim = said.evidence.every(({ sentence, n }) => {
    const passage = passages[n - 1];
    const slice = passage?.text.slice(sentence.start - passage.start, sentence.end - passage.start);
    return slice === sentence.text && only.startsWith(slice);
  });
  const [best] = evidence;
  return {
    score: best?.score ?? Number.NEGATIVE_INFINITY,
    text: best?.text ?? "",
    passage: best ? passages[best.passageIndex] : undefined,
    verbatim,
  };
}

/** The sentence plain BM25 picks: words stemmed, stop words left out, statistics over the candidates. */
function pickByBm25(question, passages) {
  const candidates = readCandidates(passages).map(({ text, words }) => ({
    text,
    terms: words.filter(({ stop }) => !stop).map(({ term }) => term),
  }));
  const wanted = new Set(
    readWords(question)
      .filter(({ stop }) => !stop)
      .map(({ term }) => term),
  );
  const average = candidates.reduce((sum, { terms }) => sum + terms.length, 0) / candidates.length;
  let best = { score: -1, text: "" };
  for (const { text, terms } of candidates) {
    let score = 0;
    for (const term of wanted) {
      const df = count(candidates, (other) => other.terms.includes(term));
      const tf = count(terms, (other) => other === term);
      const idf = Math.log(1 + (candidates.length - df + 0.5) / (df + 0.5));
      score += (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * terms.length) / average));
    }
    if (score > best.score) best = { score, text };
  }
  return best.text;
}

function printCurve(answerable, unanswerable, isRight) {
  console.log("  threshold  false refusals  refused of unanswerable  right and kept");
  for (let threshold = -3; threshold <= 0.5; threshold += 0.25) {
    const mark = threshold === settings.refusalThreshold ? " <- card" : "";
    const below = ({ score }) => score < threshold;
    console.log(
      `  ${threshold.toFixed(2).padStart(9)}  ${share(count(answerable, below), answerable.length).padStart(14)}` +
        `  ${share(count(unanswerable, below), unanswerable.length).padStart(23)}` +
        `  ${share(
          count(answerable, (row) => !below(row) && isRight(row)),
          answerable.length,
        ).padStart(14)}${mark}`,
    );
  }
}

async function measureSquad(folder) {
  const rows = await readSquad(folder, models, Number(values.questions ?? Number.POSITIVE_INFINITY));
  const measured = [];
  for (const row of rows) {
    const found = await answer(row.question, row.found);
    const oracle = await answer(row.question, row.oracle);
    measured.push({
      ...row,
      ...found,
      right: holds(found.text, row.answers),
      oracleRight: holds(oracle.text, row.answers),
      bm25Right: holds(pickByBm25(row.question, row.found), row.answers),
      bm25OracleRight: holds(pickByBm25(row.question, row.oracle), row.answers),
      gone: (await answer(row.question, row.without)).score,
    });
  }
  const kept = ({ right, score }) => right && score >= settings.refusalThreshold;
  for (const [label, part] of [
    ["first half (tuned on)", measured.filter(({ half }) => half === 0)],
    ["second half", measured.filter(({ half }) => half === 1)],
    ["whole", measured],
  ]) {
    const of = (test) => share(count(part, test), part.length);
    console.log(`squad-dev, ${label}, ${part.length} questions: a gold answer is held by`);
    console.log(`  the quoted answer, refusals counted as misses  ${of(kept)}`);
    console.log(`  the best sentence, refusals aside              ${of(({ right }) => right)}`);
    console.log(`  the sentence BM25 picks                        ${of(({ bm25Right }) => bm25Right)}`);
    console.log(`  the best sentence of the gold passage          ${of(({ oracleRight }) => oracleRight)}`);
    console.log(
      `  BM25's of the gold passage                     ${of(({ bm25OracleRight }) => bm25OracleRight)}`,
    );
  }
  const second = measured.filter(({ half }) => half === 1);
  console.log("refusals on the second half (unanswerable: the gold passage taken out)");
  printCurve(
    second,
    second.map(({ gone }) => ({ score: gone })),
    ({ right }) => right,
  );
  const verbatim = share(
    count(measured, ({ verbatim }) => verbatim),
    measured.length,
  );
  const reached = count(measured, kept) / measured.length >= FIGURE;
  console.log(`verbatim quoted answers: ${verbatim}`);
  console.log(`figure: quoted >= ${FIGURE}: ${reached ? "reached" : "MISSED"}`);
}

async function measureHandbook(file, label) {
  const measured = [];
  for (const row of await readHandbook(file, models)) {
    const found = await answer(row.question, row.found);
    measured.push({ ...row, ...found, right: answersHandbook(row, found.passage, found.text) });
  }
  const answerable = measured.filter((row) => row.answerable);
  const unanswerable = measured.filter((row) => !row.answerable);
  const refused = ({ score }) => score < settings.refusalThreshold;
  const holding = count(answerable, (row) => row.found.some(({ text }) => text.includes(row.sentence)));
  const kept = count(answerable, (row) => row.right && !refused(row));
  console.log(`handbook, ${label}: ${answerable.length} answerable, ${unanswerable.length} not`);
  console.log(`  gold sentence in the four passages   ${share(holding, answerable.length)}`);
  console.log(
    `  best sentence right                  ${share(
      count(answerable, (row) => row.right),
      answerable.length,
    )}`,
  );
  console.log(`  right and not refused                ${share(kept, answerable.length)}`);
  console.log(
    `  answerable but refused               ${share(count(answerable, refused), answerable.length)}`,
  );
  console.log(
    `  right but refused                    ${share(
      count(answerable, (row) => row.right && refused(row)),
      answerable.length,
    )}`,
  );
  console.log(
    `  unanswerable and refused             ${share(count(unanswerable, refused), unanswerable.length)}`,
  );
  console.log(
    `  verbatim                             ${share(
      count(measured, ({ verbatim }) => verbatim),
      measured.length,
    )}`,
  );
  printCurve(answerable, unanswerable, ({ right }) => right);
}

try {
  const folder = findEval();
  if (folder) await measureSquad(folder);
  else console.log("no squad-dev under ../shared/eval or $ADVISOR_SHARED/eval: its part is left out.");
  await measureHandbook("handbook-dev-questions.jsonl", "questions for tuning");
  if (values.test) await measureHandbook("handbook-questions.jsonl", "test questions");
} finally {
  await models.embedder.dispose();
}
