// From the save of a page to the moment another open reader finds its new text, while a watch keeps the store in step.
// Builds a store of its own of 10,000 chunks, or adds a watched folder to the store it is given, and takes it out again.
// Needs a build: `pnpm build`. Usage: node bench/freshness.mjs [store folder | chunks] [edits]
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nanoEmbedder } from "@advisor/nano";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";
import { PERTURBED_ID } from "./lib/bench-embedder.mjs";

const given = process.argv[2] ?? "10000";
const EDITS = Number(process.argv[3] ?? 25);
const home = await mkdtemp(join(tmpdir(), "freshness-"));
const ownStore = /^\d+$/.test(given);
const location = ownStore ? join(home, "store") : given;
if (!ownStore) await stat(location);
const principal = { tenant: "default", roles: ["administrator"] };
const { folder: modelFolder, card } = await nanoEmbedder();
const { name, maxTokens, sha256 } = card;
const nano = await createTransformersEmbedder({ folder: modelFolder, name, maxTokens, sha256 });
/** Stores that were made to measure hold perturbed vectors under a name of their own, of the same width. */
const embedder = await openKnowledge({ location, embedder: nano, create: ownStore }).then(
  (store) => store.dispose().then(() => nano),
  (error) => {
    if (error.code !== "store_embedder_mismatch") throw error;
    return { ...nano, id: PERTURBED_ID };
  },
);

const WORDS = "valve pump meter filter gauge motor sensor cable relay switch boiler fan hose tank lamp".split(
  " ",
);
const page = (i, extra = "") =>
  Array.from(
    { length: 4 },
    (_, part) =>
      `## Unit ${i}-${part}\n\nThe ${WORDS[(i + part) % WORDS.length]} ${i * 31 + part} is checked in week ${(i * 7 + part) % 52}. ` +
      `It opens at ${i % 13} bar and closes at ${(i + part) % 9}. ${part === 0 ? extra : ""}\n`,
  ).join("\n");

const writer = await openKnowledge({ location, embedder });
const reader = await openKnowledge({ location, embedder });
try {
  if (ownStore) {
    const pages = Math.ceil(Number(given) / 4);
    const documents = Array.from({ length: pages }, (_, i) => ({ uri: `p${i}.md`, text: page(i) }));
    await writer.upsert(documents);
  }
  // 250 folders with 1,000 files, so that the watch has something to follow.
  const folder = join(home, "watched");
  for (let i = 0; i < 1000; i++) {
    const at = join(folder, `f${i % 250}`);
    if (i < 250) await mkdir(at, { recursive: true });
    await writeFile(join(at, `n${i}.md`), page(1_000_000 + i));
  }
  const begin = performance.now();
  const watch = await writer.watch(folder, { rescanMs: 0, source: "freshness" });
  console.log(
    `first sync of 1,000 files and start of the watch: ${((performance.now() - begin) / 1000).toFixed(1)} s`,
  );
  const { tenants } = await reader.status();
  const { documents, chunks } = tenants.find(({ tenant }) => tenant === "default") ?? {};
  console.log(`store of ${documents} documents, ${chunks} chunks`);

  const times = [];
  const searches = [];
  for (let edit = 0; edit < EDITS + 2; edit++) {
    const word = `fresh${edit}x${Math.random().toString(36).slice(2, 10)}`;
    const i = (edit * 37) % 1000;
    const path = join(folder, `f${i % 250}`, `n${i}.md`);
    const saved = performance.now();
    await writeFile(path, page(1_000_000 + i, `The code word is ${word}.`));
    for (;;) {
      const from = performance.now();
      const { passages } = await reader.search({ query: word, principal, topK: 3 });
      searches.push(performance.now() - from);
      if (passages.some(({ text }) => text.includes(word))) break;
      if (performance.now() - saved > 60_000) throw new Error(`edit ${edit} is not found after a minute`);
      await sleep(5);
    }
    // The first two warm the indexes and the libraries up.
    if (edit >= 2) times.push(performance.now() - saved);
    await sleep(250);
  }
  const of = (list, share) =>
    [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];
  const ms = (value) => `${Math.round(value)} ms`;
  console.log(
    `save to found, ${times.length} edits: median ${ms(of(times, 0.5))}, worst ${ms(Math.max(...times))} ` +
      `(the watch waits 100 ms for quiet; a search takes ${ms(of(searches, 0.5))})`,
  );
  await watch.close();
  if (!ownStore) {
    // A folder that holds one page, so that the sync takes the others out; then that one goes too.
    const empty = join(home, "empty");
    await mkdir(empty);
    await writeFile(join(empty, "last.md"), "The last page of the freshness bench.");
    await writer.sync(empty, { source: "freshness" });
  }
} finally {
  await writer.dispose();
  await reader.dispose();
  await embedder.dispose();
  await rm(home, { recursive: true, force: true });
}
