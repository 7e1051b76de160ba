// Whether neighbours and the folding of copies put more of the right text into a prompt.
//
// `npm run bench -- passages`. Over the sample handbook, with the embedded embedder and the questions for tuning
// (handbook-dev and handbook-reworded). Neighbours: how often the sentence that answers stands within the first so many
// characters of the passages, widened by 0, 1 and 2 on each side: for the same room in the prompt, fewer passages fit when
// they are wide. Copies: the same handbook with each page standing in it four times, as in a store with archives.
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nanoEmbedder } from "@advisor/nano";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";

const SETS = [
  "../examples/handbook-dev-questions.jsonl",
  "../packages/retrieval/test/handbook-reworded-questions.jsonl",
];
const ROOM = [600, 1200, 2400, 4800];
const COPIES = 4;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const questions = (await Promise.all(SETS.map((set) => readFile(here(set), "utf8"))))
  .flatMap((text) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  )
  .filter(({ answerable }) => answerable);
const folder = await mkdtemp(join(tmpdir(), "passages-"));
const model = await nanoEmbedder();
const { name, maxTokens, sha256, vectorWeight } = model.card;
const embedder = await createTransformersEmbedder({ folder: model.folder, name, maxTokens, sha256 });
try {
  const open = (store) => openKnowledge({ location: join(folder, store), embedder, vectorWeight });
  const once = await open("once");
  await once.sync(here("../examples/handbook"));
  console.log(`${questions.length} questions; the sentence is within so many characters of the passages`);
  console.table(await Promise.all([0, 1, 2].map((width) => withinRoom(once, width))));
  await once.dispose();

  const copied = join(folder, "handbook");
  for (let copy = 0; copy < COPIES; copy++) {
    await mkdir(join(copied, `copy-${copy}`), { recursive: true });
    await cp(here("../examples/handbook"), join(copied, `copy-${copy}`), { recursive: true });
  }
  const archive = await open("archive");
  await archive.sync(copied);
  console.log(`each page ${COPIES} times`);
  const rows = [];
  for (const copies of ["keep", "fold"]) rows.push(await amongCopies(archive, copies));
  console.table(rows);
  await archive.dispose();
} finally {
  await embedder.dispose();
  await rm(folder, { recursive: true, force: true });
}

async function withinRoom(knowledge, width) {
  const row = { neighbours: width };
  const neighbours = { before: width, after: width };
  const found = Object.fromEntries(ROOM.map((room) => [room, 0]));
  for (const { question, roles, page, sentence } of questions) {
    const principal = { tenant: "default", roles };
    const { passages } = await knowledge.search({ query: question, principal, topK: 30, neighbours });
    let end = 0;
    for (const { uri, text } of passages) {
      const at = uri === page ? text.indexOf(sentence) : -1;
      if (at >= 0) {
        for (const room of ROOM) if (end + text.length <= room) found[room]++;
        break;
      }
      end += text.length;
    }
  }
  for (const room of ROOM) row[room] = share(found[room]);
  return row;
}

async function amongCopies(knowledge, copies) {
  let page1 = 0;
  let page5 = 0;
  let sentence4 = 0;
  let distinct = 0;
  for (const { question, roles, page, sentence } of questions) {
    const principal = { tenant: "default", roles };
    const { passages } = await knowledge.search({ query: question, principal, topK: 5, copies });
    const right = passages.map(({ uri }) => uri.endsWith(`/${page}`));
    page1 += Number(right[0] ?? false);
    page5 += Number(right.some(Boolean));
    sentence4 += Number(passages.slice(0, 4).some(({ text }, i) => right[i] && text.includes(sentence)));
    distinct += new Set(passages.map(({ text }) => text)).size;
  }
  const each = (distinct / questions.length).toFixed(2);
  return {
    copies,
    "page first": share(page1),
    "page in 5": share(page5),
    "sentence in 4": share(sentence4),
    "texts in 5": each,
  };
}

function share(count) {
  return Number((count / questions.length).toFixed(3));
}
