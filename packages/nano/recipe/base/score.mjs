// Checks the trained base in llama.cpp itself and measures it on data that no model was trained on.
// Usage: node base/score.mjs [--work FOLDER] [--shipped] [--every N] [--test] [--install [--force]]
//   --shipped  scores the installed base instead of a rebuilt one     --test  the handbook's 60 test questions as well
//   --every N  each N-th squad-dev question (default 4)               --install  into models/, unless it scores lower
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { promptLayout } from "../lib/core.mjs";
import { holds, readHandbook, readSquad, squash } from "../lib/evaluation.mjs";
import { installModel } from "../lib/install.mjs";
import { openModel, packageFolder } from "../lib/llama-cpp.mjs";

/** Lead of one token over the next, in logits, that rounding may turn. */
const MAX_TIE = 0.5;
const { values } = parseArgs({
  options: {
    work: { type: "string", default: "/tmp/nano-recipe/base" },
    shipped: { type: "boolean", default: false },
    every: { type: "string", default: "4" },
    test: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
  },
});
const models = join(packageFolder, "models");
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));
const card = await readJson(join(models, "nano-base.card.json"));
const path = values.shipped
  ? join(models, card.file)
  : join(values.work, (await readJson(join(values.work, "made.json"))).file);
const llama = await openModel(path, { threads: 1 });
const sequence = await llama.open();
const layout = values.shipped
  ? card.prompt
  : await readJson(fileURLToPath(new URL("layout.json", import.meta.url)));
const { layOut, read } = await promptLayout(layout);

/** The same tokens from PyTorch and llama.cpp, but where two are all but equally likely. */
async function checkAgreement() {
  const rows = await readJson(join(values.work, "agreement.json"));
  const ties = [];
  for (const { messages, prompt, base } of rows) {
    if (llama.tokenise(messages).join() !== prompt.join())
      throw new Error("llama.cpp and the recipe cut a prompt into different tokens");
    const written = await llama.greedy(sequence, prompt, 48);
    const parted = base.tokens.findIndex((token, index) => token !== written[index]);
    if (parted >= 0) ties.push(base.margins[parted]);
  }
  console.log(
    `the same tokens on ${rows.length - ties.length} of ${rows.length} prompts; leads where they part:`,
    ties,
  );
  // Thirty steps leave steep heads unsettled, and llama.cpp rounds activations to 8 bits: there the same model parts sooner.
  const parted = values.smoke ? ties.length === rows.length : ties.some((lead) => lead > MAX_TIE);
  if (parted) throw new Error("PyTorch and llama.cpp do not compute the same model");
}

async function ask(question, passages) {
  const written = await llama.write(sequence, layOut(question, passages), 128);
  const text = read(written.trim(), passages);
  const [, sentence, n] = /^(.*?)(?: \[(\d+)\])?$/s.exec(text);
  return { text, sentence, n: Number(n ?? 0), refused: text === layout.refusal };
}

const share = (rows, test) =>
  rows.length === 0 ? null : Math.round((1000 * rows.filter(test).length) / rows.length) / 1000;

async function measure(label, rows) {
  const answerable = rows.filter((row) => row.gold);
  const measured = [];
  for (const row of answerable) {
    const said = await ask(row.question, row.passages);
    const right = holds(said.sentence, row.answers);
    const verbatim = row.passages.some(({ text }) => squash(text).includes(squash(said.sentence)));
    measured.push({ ...said, right, verbatim, cited: row.passages[said.n - 1] === row.gold });
  }
  const gone = [];
  const unanswerable = rows.filter((row) => row.answerable === false);
  for (const row of unanswerable.length > 0 ? unanswerable : answerable)
    gone.push(await ask(row.question, unanswerable.length > 0 ? row.passages : row.without));
  const scores = {
    questions: answerable.length,
    holdsAnswer: share(measured, ({ right }) => right),
    citesRight: share(
      measured.filter(({ right }) => right),
      ({ cited }) => cited,
    ),
    verbatim: share(measured, ({ verbatim, refused }) => verbatim && !refused),
    falseRefusals: share(measured, ({ refused }) => refused),
    refusesUnanswerable: share(gone, ({ refused }) => refused),
    unanswerable: gone.length,
  };
  console.log(label, scores);
  return scores;
}

try {
  if (!values.shipped) await checkAgreement();
  const every = values.smoke ? 160 : Number(values.every);
  const scores = { every };
  const squad = await readSquad({ every });
  if (squad) scores.squad = await measure(`squad-dev, each ${every}.`, squad);
  else console.log("no squad-dev under ../shared/eval or $ADVISOR_SHARED/eval: its part is left out");
  const handbook = await readHandbook("handbook-dev-questions.jsonl");
  scores.handbookDev = await measure(
    "handbook, questions for tuning",
    values.smoke ? handbook.slice(0, 3) : handbook,
  );
  if (values.test)
    scores.handbook = await measure(
      "handbook, test questions",
      await readHandbook("handbook-questions.jsonl"),
    );
  scores.speed = await llama.speed(sequence);
  console.log("tokens a second on one thread:", scores.speed);
  scores.headline = {
    ...(scores.squad && { squadHoldsAnswer: scores.squad.holdsAnswer }),
    handbookDevHoldsAnswer: scores.handbookDev.holdsAnswer,
  };
  const scoresPath = values.shipped
    ? join(models, "nano-base.scores.json")
    : join(values.work, "scores.json");
  await writeFile(scoresPath, `${JSON.stringify(scores, null, 2)}\n`);
  if (values.install) {
    const made = await readJson(join(values.work, "made.json"));
    const trained = `Trained on ${made.sentences} sentences of ${made.sections} sections (${made.sources.join(", ")}) in ${made.run.seconds} s on ${made.device}, ${made.run.tokens} tokens, from weights compiled by hand (recipe/base/wiring.py).`;
    await installModel({
      models,
      card: { ...card, file: made.file, data: trained, prompt: layout },
      files: [[path, made.file]],
      scores,
      force: values.force,
    });
    console.log(
      `installed ${made.file}; write its data's licences, limits, reliablePromptTokens and evidence settings into its card by hand, and remake the adapters`,
    );
  }
} finally {
  await llama.dispose();
}
