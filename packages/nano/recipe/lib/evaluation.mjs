// Questions with their gold passage among BM25's best wrong ones: what the issue's figures are measured on.
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "./llama-cpp.mjs";

const root = join(packageFolder, "../..");
const PASSAGES = 4;
const CANDIDATES = 40;
const ADMINISTRATOR = { tenant: "default", roles: ["administrator"] };

const readLines = (path) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));

export const squash = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
/** Whether a text holds one of the gold answers, case and white space aside. */
export const holds = (text, answers) => answers.some((answer) => squash(text).includes(squash(answer)));

const retrieval = () => import(pathToFileURL(join(packageFolder, "../retrieval/dist/index.js")).href);

/** Keyword search over documents, as the product does it. */
async function withSearch(fill, work) {
  const { createTransformersEmbedder, openKnowledge } = await retrieval();
  const { nanoEmbedder } = await import(pathToFileURL(join(packageFolder, "dist/index.js")).href);
  const { folder: model, card } = await nanoEmbedder();
  const { name, maxTokens, sha256 } = card;
  const folder = await mkdtemp(join(tmpdir(), "nano-evaluation-"));
  const embedder = await createTransformersEmbedder({ folder: model, name, maxTokens, sha256 });
  const knowledge = await openKnowledge({ location: join(folder, "store"), embedder });
  try {
    await fill(knowledge);
    return await work(async (query, principal) => {
      const { passages } = await knowledge.search({ query, principal, topK: CANDIDATES, mode: "keyword" });
      return passages;
    });
  } finally {
    await knowledge.dispose();
    await embedder.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The gold passage stands at another place each time, the same in each run. */
function mixed(index, gold, wrong) {
  const passages = wrong.slice(0, PASSAGES - 1);
  passages.splice(index % PASSAGES, 0, gold);
  return passages;
}

/**
 * squad-dev -> rows of question, answers, passages (the gold one among them) and `gold`, its number. Undefined where the
 * set is not at hand. `every`: each n-th question.
 */
export async function readSquad({ every = 1 } = {}) {
  const folder = join(process.env.ADVISOR_SHARED ?? join(root, "..", "shared"), "eval", "squad-dev");
  if (!existsSync(join(folder, "questions.jsonl"))) return undefined;
  const documents = readLines(join(folder, "passages.jsonl"));
  const questions = readLines(join(folder, "questions.jsonl")).filter((_, index) => index % every === 0);
  const fill = (knowledge) =>
    knowledge.upsert(
      documents.map(({ id, title, text }) => ({ uri: `${id}.txt`, title, text, mediaType: "text/plain" })),
    );
  return await withSearch(fill, async (search) => {
    const rows = [];
    for (const [index, { question, answers, passage }] of questions.entries()) {
      const found = await search(question, ADMINISTRATOR);
      const document = documents.find(({ id }) => id === passage);
      const uri = `${passage}.txt`;
      const gold = found.find((each) => each.uri === uri && holds(each.text, answers)) ?? {
        uri,
        title: document.title,
        text: document.text,
      };
      const wrong = found.filter((each) => each.uri !== uri);
      rows.push({
        question,
        answers,
        passages: mixed(index, gold, wrong),
        without: wrong.slice(0, PASSAGES),
        gold,
      });
    }
    return rows;
  });
}

/** The sample handbook's questions; `file` is under examples/. Unanswerable ones get the four best passages. */
export async function readHandbook(file) {
  const questions = readLines(join(root, "examples", file));
  return await withSearch(
    (knowledge) => knowledge.sync(join(root, "examples/handbook")),
    async (search) => {
      const rows = [];
      for (const [index, row] of questions.entries()) {
        const found = await search(row.question, { tenant: "default", roles: row.roles });
        if (!row.answerable) {
          rows.push({ ...row, passages: found.slice(0, PASSAGES) });
          continue;
        }
        const holdsGold = ({ uri, text }) => uri === row.page && text.includes(row.sentence);
        let gold = found.find(holdsGold);
        gold ??= (await search(row.sentence, { tenant: "default", roles: row.roles })).find(holdsGold);
        if (!gold) continue; // its sentence was cut in two by the chunker; the count of rows shows it
        const wrong = found.filter(({ text }) => !text.includes(row.sentence));
        rows.push({ ...row, passages: mixed(index, gold, wrong), without: wrong.slice(0, PASSAGES), gold });
      }
      return rows;
    },
  );
}
