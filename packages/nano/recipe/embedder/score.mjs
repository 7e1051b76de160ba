// Checks the trained embedder in transformers.js, as the product loads it, and measures it on data no model was trained on.
// Usage: node embedder/score.mjs --work FOLDER | --shipped  [--install [--force]]
// The fused ranking: npm run bench -- retrieval-quality --embedder FOLDER/nano-embed --weight W
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installModel } from "../lib/install.mjs";
import { packageFolder } from "../lib/llama-cpp.mjs";
import { createBm25, readRankingSet, scoreRankings } from "../lib/ranking.mjs";
import { openEmbedder } from "./open.mjs";

const MIN_COSINE = 0.999;
const { values } = parseArgs({
  options: {
    work: { type: "string", default: "/tmp/nano-recipe/embedder" },
    shipped: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
  },
});
const models = join(packageFolder, "models");
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));
const card = await readJson(join(models, "nano-embed.card.json"));
const folder = values.shipped ? join(models, card.file) : join(values.work, "nano-embed");
const embedder = await openEmbedder(folder);
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

async function checkAgreement() {
  const rows = await readJson(join(values.work, "agreement.json"));
  const texts = rows.map(({ text }) => text);
  const counts = embedder.countTokens(texts);
  const vectors = await embedder.embed(texts, "passage");
  let least = 1;
  for (const [i, { ids, vector }] of rows.entries()) {
    if (counts[i] <= card.maxTokens && counts[i] !== ids.length)
      throw new Error(`transformers.js and the recipe cut a text into ${counts[i]} and ${ids.length} tokens`);
    least = Math.min(least, dot(vectors[i], vector));
  }
  console.log(`PyTorch and transformers.js: cosine at least ${least.toFixed(5)} on ${rows.length} texts`);
  if (!(least >= MIN_COSINE)) throw new Error("PyTorch and transformers.js do not compute the same embedder");
}

async function measure(set, width) {
  const vectors = await embedder.embed(
    set.passages.map(({ text }) => text),
    "passage",
  );
  const asked = await embedder.embed(
    set.questions.map(({ question }) => question),
    "query",
  );
  const unit = (vector) => {
    const part = vector.slice(0, width);
    const norm = Math.hypot(...part) || 1;
    return part.map((value) => value / norm);
  };
  const parts = vectors.map(unit);
  return set.questions.map(({ relevant }, i) => {
    const query = unit(asked[i]);
    const scored = parts.map((vector, at) => ({ id: set.passages[at].id, score: dot(query, vector) }));
    return { ids: scored.sort((a, b) => b.score - a.score).map(({ id }) => id), relevant };
  });
}

try {
  if (!values.shipped) await checkAgreement();
  const scores = { headline: {}, dimensions: embedder.dimensions };
  for (const name of ["squad-dev", "cranfield"]) {
    const set = readRankingSet(name);
    if (!set) {
      console.log(`no ${name} under ../shared/eval or $ADVISOR_SHARED/eval: left out`);
      continue;
    }
    if (values.smoke) set.questions = set.questions.slice(0, 20);
    const bm25 = createBm25(set.passages);
    scores[name] = {
      dense: scoreRankings(await measure(set, embedder.dimensions)),
      "dense, first half of the vector": scoreRankings(await measure(set, embedder.dimensions / 2)),
      bm25: scoreRankings(set.questions.map(({ question, relevant }) => ({ ids: bm25(question), relevant }))),
    };
    console.log(name);
    console.table(scores[name]);
  }
  if (scores["squad-dev"]) scores.headline["squad-dev R@1"] = scores["squad-dev"].dense["R@1"];
  if (scores.cranfield) scores.headline["cranfield nDCG@10"] = scores.cranfield.dense["nDCG@10"];
  scores.bytes = (await stat(join(folder, "onnx/model.onnx"))).size;
  scores.chunksPerSecond = await embedder.textsPerSecond();
  console.log(
    `${scores.chunksPerSecond} texts of 200 tokens a second, ${(scores.bytes / 1e6).toFixed(1)} MB`,
  );
  const scoresPath = values.shipped
    ? join(models, `${card.name}.scores.json`)
    : join(values.work, "scores.json");
  await writeFile(scoresPath, `${JSON.stringify(scores, null, 2)}\n`);
  if (values.install) {
    const made = await readJson(join(values.work, "made.json"));
    const data = `Trained on ${made.sentences} sentences of ${made.sections} sections (${made.sources.join(", ")}) in ${made.run.seconds} s on ${made.device}, from scratch.`;
    const files = ["onnx/model.onnx", "tokenizer.json", "tokenizer_config.json", "config.json"];
    await installModel({
      models,
      card: { ...card, data, dimensions: embedder.dimensions },
      files: files.map((file) => [join(folder, file), join(card.file, file)]),
      scores,
      force: values.force,
    });
    console.log(
      "installed; choose vectorWeight on the first half of squad-dev and write the limits into its card by hand",
    );
  }
} finally {
  await embedder.dispose();
}
