// What the keyword query of a search costs among many chunks, in other orders and shapes, and what asking clause by clause misses.
//
// `npm run bench -- keyword-clauses [10k 100k 1m] [--stores folder] [--questions 40] [--lists 100,1000]`. Stores are made as
// query-latency makes them. The sum is what a search asks: one LanceDB query over all clauses, added two at a time, the text
// last. Beside it: the text first, all clauses in one level (its scores differ in their last bits from call to call), and the
// heaviest clause alone. Lists: each clause by itself, its best rows added up here; "proven" are the questions where the
// threshold algorithm (Fagin, Lotem and Naor, 2001) may stop, the 50th score being at least the sum of the lists' last scores.
// No figure to reach: it says why a search asks as it does, and what a new LanceDB would change.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openRawTable } from "./lib/raw-table.mjs";
import { openScaleEmbedder, openScaleStore, RARE_ROLE, SIZES } from "./lib/scale-store.mjs";

/** What the leg gives to a hybrid search, and how much of its head is compared. */
const CANDIDATES = 50;
const HEAD = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stores: { type: "string" }, questions: { type: "string" }, lists: { type: "string" } },
});
const folder = values.stores ?? join(tmpdir(), "advisor-scale-stores");
const sizes = positionals.length > 0 ? positionals : ["10k", "100k"];
const unknown = sizes.find((size) => !(size in SIZES));
if (unknown) throw new Error(`unknown size ${unknown}: name ${Object.keys(SIZES).join(", ")}`);
const lengths = (values.lists ?? "100,1000").split(",").map(Number);

const parts = await openScaleEmbedder();
const questions = parts.heldOut
  .filter((sentence) => sentence.length >= 30 && sentence.length <= 140)
  .slice(0, Number(values.questions ?? 40));

for (const size of sizes) {
  const { knowledge, location } = await openScaleStore(folder, size, parts);
  await knowledge.dispose();
  const raw = await openRawTable(location);
  for (const [reader, roles] of Object.entries({ "all pages": ["staff"], "1 % of pages": [RARE_ROLE] })) {
    const filter = raw.filterOf({ tenant: "default", roles });
    const ask = {
      sum: (question) => raw.scores(raw.sum(raw.clauses(question)), filter, CANDIDATES),
      "text first": (question) => raw.scores(raw.sum(raw.clauses(question).reverse()), filter, CANDIDATES),
      "one level": (question) => raw.scores(raw.level(raw.clauses(question)), filter, CANDIDATES),
      "one clause": (question) => raw.scores(raw.clauses(question).at(-1), filter, CANDIDATES),
    };
    const lists = new Map();
    for (const length of lengths) {
      lists.set(`lists of ${length}`, { overlap: 0, proven: 0 });
      ask[`lists of ${length}`] = async (question) => {
        const found = await Promise.all(
          raw.clauses(question).map((each) => raw.scores(each, filter, length)),
        );
        return addUp(found, length);
      };
    }
    const times = Object.fromEntries(Object.keys(ask).map((name) => [name, []]));
    for (const question of questions.slice(0, 4)) for (const way of Object.values(ask)) await way(question);
    let heads = 0;
    for (const [turn, question] of questions.entries()) {
      const ways = Object.entries(ask);
      const given = {};
      for (let i = 0; i < ways.length; i++) {
        const [name, way] = ways[(i + turn) % ways.length];
        const begin = performance.now();
        given[name] = await way(question);
        times[name].push(performance.now() - begin);
      }
      const rows = given.sum;
      heads += Math.min(HEAD, rows.length);
      const last = rows.length === CANDIDATES ? rows.at(-1).score : 0;
      for (const [name, counts] of lists) {
        const head = new Set(given[name].rows.slice(0, HEAD).map(({ id }) => id));
        counts.overlap += rows.slice(0, HEAD).filter(({ id }) => head.has(id)).length;
        if (given[name].unseen === 0 || last >= given[name].unseen) counts.proven++;
      }
    }
    console.log(`\n${size}, a role on ${reader}`);
    console.table(
      Object.entries(times).map(([query, list]) => ({
        query,
        "p50, ms": quantile(list, 0.5),
        p90: quantile(list, 0.9),
        "of the best 10": lists.has(query) ? Number((lists.get(query).overlap / heads).toFixed(3)) : "",
        proven: lists.has(query) ? `${lists.get(query).proven} of ${questions.length}` : "",
      })),
    );
  }
  raw.close();
}
await parts.real.dispose();

/** Rows by the sum of their scores in the lists they are in, and the most that a row in none of them could score. */
function addUp(lists, length) {
  const scores = new Map();
  for (const { id, score } of lists.flat()) scores.set(id, (scores.get(id) ?? 0) + score);
  const rows = [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score);
  const lasts = lists.map((list) => (list.length < length ? 0 : list.at(-1).score));
  return { rows, unseen: lasts.reduce((sum, score) => sum + score, 0) };
}

function quantile(list, share) {
  return Number(list.toSorted((a, b) => a - b)[Math.floor(list.length * share)].toFixed(1));
}
