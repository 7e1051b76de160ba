// Questions with their retrieved passages, for the measurements and the fit of the sentence scorer.
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nanoEmbedder } from "@advisor/nano";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Passages a question is answered from: the advisor's default. */
export const TOP_K = 4;

const readLines = (file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));

/** The folder of evaluation sets, which is not part of this repository; undefined where there is none. */
export function findEval() {
  const shared = process.env.ADVISOR_SHARED ?? join(root, "..", "shared");
  const folder = join(shared, "eval", "squad-dev");
  return existsSync(join(folder, "questions.jsonl")) ? folder : undefined;
}

export async function openEmbedder() {
  const { folder, card } = await nanoEmbedder();
  const embedder = await createTransformersEmbedder({
    folder,
    name: card.name,
    maxTokens: card.maxTokens,
    sha256: card.sha256,
  });
  return { embedder, card };
}

const squash = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
/** Whether a text holds one of the gold answers, case and white space aside. */
export const holds = (text, answers) => answers.some((answer) => squash(text).includes(squash(answer)));

async function withStore({ embedder, card }, work) {
  const folder = await mkdtemp(join(tmpdir(), "advisor-grounding-"));
  const knowledge = await openKnowledge({
    location: join(folder, "store"),
    embedder,
    vectorWeight: card.vectorWeight,
  });
  try {
    return await work(knowledge);
  } finally {
    await knowledge.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

const ADMINISTRATOR = { tenant: "default", roles: ["administrator"] };

/**
 * SQuAD dev: each question with the four best passages, with the four best once its gold passage is taken out, and with
 * the gold passage alone. `half` is 0 for the first half of the passages: an article stands in one half only.
 */
export async function readSquad(folder, models, limit = Number.POSITIVE_INFINITY) {
  const passages = readLines(join(folder, "passages.jsonl"));
  const questions = readLines(join(folder, "questions.jsonl")).slice(0, limit);
  return await withStore(models, async (knowledge) => {
    await knowledge.upsert(
      passages.map(({ id, title, text }) => ({ uri: `${id}.txt`, title, text, mediaType: "text/plain" })),
    );
    const order = new Map(passages.map(({ id }, i) => [id, i]));
    const rows = [];
    for (const { id, question, answers, passage } of questions) {
      const { passages: found } = await knowledge.search({
        query: question,
        principal: ADMINISTRATOR,
        topK: 40,
      });
      const gold = `${passage}.txt`;
      rows.push({
        id,
        question,
        answers,
        gold,
        half: order.get(passage) < passages.length / 2 ? 0 : 1,
        found: found.slice(0, TOP_K),
        without: found.filter(({ uri }) => uri !== gold).slice(0, TOP_K),
        oracle: found.filter(({ uri }) => uri === gold),
      });
    }
    return rows;
  });
}

/** The handbook's questions with what each asker's roles find; `file` is under examples/. */
export async function readHandbook(file, models) {
  const questions = readLines(join(root, "examples", file));
  return await withStore(models, async (knowledge) => {
    await knowledge.sync(join(root, "examples", "handbook"));
    const rows = [];
    for (const row of questions) {
      const principal = { tenant: "default", roles: row.roles };
      const { passages } = await knowledge.search({ query: row.question, principal, topK: 40 });
      rows.push({
        ...row,
        found: passages.slice(0, TOP_K),
        without: passages.filter(({ uri }) => uri !== row.page).slice(0, TOP_K),
      });
    }
    return rows;
  });
}

/** Whether a sentence answers a handbook question: it is on the gold page and holds a gold answer or the gold sentence. */
export function answersHandbook(row, passage, text) {
  if (!row.answerable || passage?.uri !== row.page) return false;
  return holds(text, row.answers) || text.includes(row.sentence) || row.sentence.includes(text);
}
