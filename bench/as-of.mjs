// What a search, a count and facets as of an earlier state cost in a large store, and how near their keyword ranks come to
// those of the whole state read word by word.
//
// `npm run bench -- as-of [100k] [--stores folder] [--versions 5] [--share 0.01] [--questions 30]`. A store that is not in the
// folder is made first (see query-latency). It is copied, and a share of its pages is changed as often as there are versions.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openKnowledge } from "@advisor/retrieval";
import { openScaleEmbedder, openScaleStore, SIZES } from "./lib/scale-store.mjs";

const built = (path) => import(new URL(`../packages/retrieval/dist/${path}`, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stores: { type: "string", default: join(tmpdir(), "advisor-scale-stores") },
    versions: { type: "string", default: "5" },
    share: { type: "string", default: "0.01" },
    questions: { type: "string", default: "30" },
  },
});
const size = positionals[0] ?? "100k";
if (!(size in SIZES)) throw new Error(`unknown size ${size}: name ${Object.keys(SIZES).join(", ")}`);
const versions = Number(values.versions);
const every = Math.round(1 / Number(values.share));
const admin = { tenant: "default", roles: ["administrator"] };
const reader = { tenant: "default", roles: ["staff"] };
const TOP_K = 10;
/** Questions of which the whole state is read: each takes long. */
const REFERENCES = 5;
const sorted = (list) => list.toSorted((a, b) => a - b);
const ms = (list) =>
  `${sorted(list)[list.length >> 1].toFixed(0)} ms (p95 ${sorted(list)[Math.floor(list.length * 0.95)].toFixed(0)})`;

const parts = await openScaleEmbedder();
const questions = parts.heldOut
  .filter((sentence) => sentence.length >= 30 && sentence.length <= 140)
  .slice(0, Number(values.questions));
const original = await openScaleStore(values.stores, size, parts);
await original.knowledge.dispose();
const folder = await mkdtemp(join(tmpdir(), "bench-as-of-"));
try {
  const location = join(folder, "store");
  await cp(original.location, location, { recursive: true });
  const { embedder, vectorWeight, pages } = parts;
  const store = await openKnowledge({ location, embedder, vectorWeight, keepVersions: "forever" });
  const ask = async (query, mode, asOf) =>
    store.search({ query, principal: reader, mode, topK: TOP_K, ...(asOf && { asOf }) });
  const run = async (mode, asOf) => {
    const times = [];
    const found = [];
    for (const query of [questions[0], ...questions]) {
      const begin = performance.now();
      const { passages } = await ask(query, mode, asOf);
      times.push(performance.now() - begin);
      found.push(passages.map(({ id }) => id));
    }
    return { times: times.slice(1), found: found.slice(1), first: times[0] };
  };
  const overlap = (a, b) =>
    a.reduce(
      (sum, ids, i) => sum + ids.filter((id) => b[i].includes(id)).length / Math.max(1, ids.length),
      0,
    ) / a.length;

  const { chunks, documents } = original.report;
  const before = {};
  for (const mode of ["keyword", "vector", "hybrid"]) before[mode] = await run(mode);
  const then = new Date();
  let written = 0;
  for (let round = 1; round <= versions; round++) {
    const changed = [];
    for (let number = 0; number < documents; number += every) {
      const text = `${pages.document(number)}\n\nChanged in round ${round}. ${pages.document(number + round).slice(0, 600)}`;
      changed.push({ uri: `pages/${number}.md`, text, roles: ["staff"] });
    }
    written += (await store.upsert(changed)).changed.length;
  }
  console.log(
    `${documents} documents, ${chunks} chunks; ${written} former versions of ${written / versions} documents`,
  );
  for (const mode of ["keyword", "vector", "hybrid"]) {
    const present = await run(mode);
    const past = await run(mode, then);
    console.log(
      `${mode.padEnd(8)} before the changes ${ms(before[mode].times)}, present ${ms(present.times)}; as of the first state ${ms(past.times)}, the first one ${past.first.toFixed(0)} ms; ` +
        `${(100 * overlap(before[mode].found, past.found)).toFixed(1)} % of the best ${TOP_K} are those given then`,
    );
  }
  for (const [name, work] of [
    ["count", (when) => store.count({ principal: reader, ...when })],
    [
      "facets by source and role",
      (when) => store.facets({ principal: reader, by: ["source", "role"], ...when }),
    ],
    ["facets by a key", (when) => store.facets({ principal: reader, by: [{ key: "none" }], ...when })],
  ]) {
    const times = { present: [], past: [] };
    for (let i = 0; i < 5; i++) {
      for (const [when, list] of [
        [{}, times.present],
        [{ asOf: then }, times.past],
      ]) {
        const begin = performance.now();
        await work(when);
        list.push(performance.now() - begin);
      }
    }
    console.log(`${name.padEnd(25)} present ${ms(times.present)}; as of the first state ${ms(times.past)}`);
  }
  await compareWithWholeState(store, then, location);
  await store.dispose();
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The keyword leg against the same BM25 over every word of the state. */
async function compareWithWholeState(store, then, location) {
  const [{ openDatabase }, { createWordForms }, bm25, { clausesOf }, { chunkFilter, stoodAt, both }] =
    await Promise.all(
      [
        "store/lance.js",
        "history/word-forms.js",
        "history/bm25.js",
        "search/keyword-leg.js",
        "store/filter.js",
      ].map(built),
    );
  const database = await openDatabase(location);
  const names = await database.tableNames();
  const tables = [
    await database.open(names.find((name) => name.startsWith("tenant-"))),
    await database.openHistory(names.find((name) => name.startsWith("history-"))),
  ];
  const forms = createWordForms(tables[0]);
  const filter = both(chunkFilter(admin), stoodAt(then.getTime()));
  const times = [];
  let same = 0;
  let shared = 0;
  for (const question of questions.slice(0, REFERENCES)) {
    const begin = performance.now();
    const asked = await bm25.readQuestion(clausesOf(question), forms);
    const reading = bm25.createWordReading(asked, forms);
    for (const table of tables)
      for await (const rows of table.scan(filter, ["id", ...asked.columns])) await reading.add(rows);
    const scores = [...bm25.scoreHoldings(asked, reading.holdings, reading.statistics)];
    const whole = scores.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, TOP_K);
    times.push(performance.now() - begin);
    const found = await store.search({
      query: question,
      principal: admin,
      mode: "keyword",
      topK: TOP_K,
      asOf: then,
      copies: "keep",
    });
    const ids = found.passages.map(({ id }) => id);
    same += whole.every(([id], i) => ids[i] === id) ? 1 : 0;
    shared += whole.filter(([id]) => ids.includes(id)).length / whole.length;
  }
  for (const table of tables) table.close();
  database.close();
  const count = Math.min(REFERENCES, questions.length);
  console.log(
    `against the whole state read, ${ms(times)} a question: ${((100 * shared) / count).toFixed(1)} % of the best ${TOP_K}, in the same order in ${same} of ${count}`,
  );
}
