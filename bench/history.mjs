// What former versions cost: a tenant whose every chunk has five of them, against one with none.
//   npm run bench -- history [--chunks 2000] [--versions 5]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openKnowledge } from "@advisor/retrieval";

const { values } = parseArgs({
  options: {
    chunks: { type: "string", default: "2000" },
    versions: { type: "string", default: "5" },
  },
});
const chunks = Number(values.chunks);
const versions = Number(values.versions);
const ROUNDS = 25;
const admin = { tenant: "default", roles: ["administrator"] };

/** mulberry32: the same words in each run. */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}
const random = randomOf(7);
const vocabulary = Array.from({ length: 5000 }, (_, i) => `w${(i * 7919).toString(36)}x`);
const word = () => vocabulary[Math.floor(random() * random() * vocabulary.length)];
const words = (count) => Array.from({ length: count }, word).join(" ");

/** Vectors that cost nothing: what is measured is the store. */
const embedder = {
  id: "random",
  dimensions: 256,
  maxTokens: 512,
  async embed(texts) {
    return texts.map((text) => {
      const next = randomOf(
        [...text].reduce((hash, sign) => (Math.imul(hash, 31) + sign.charCodeAt(0)) | 0, 1),
      );
      const vector = Float32Array.from({ length: 256 }, () => next() - 0.5);
      const length = Math.hypot(...vector);
      return vector.map((value) => value / length);
    });
  },
  countTokens: (texts) => texts.map((text) => text.split(/\s+/).length),
  async dispose() {},
};

const median = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
const queries = Array.from({ length: ROUNDS }, () => words(6));
/** Median time of a search, and the ids it gave. */
async function measure(store, mode, asOf) {
  const times = [];
  const found = [];
  for (const query of [queries[0], ...queries]) {
    const begin = performance.now();
    const { passages } = await store.search({
      query,
      principal: admin,
      mode,
      topK: 10,
      ...(asOf && { asOf }),
    });
    times.push(performance.now() - begin);
    found.push(passages.map(({ id }) => id).join(" "));
  }
  return { ms: median(times.slice(1)), found: found.slice(1) };
}

const folder = await mkdtemp(join(tmpdir(), "bench-history-"));
try {
  const pages = (round) =>
    Array.from({ length: chunks }, (_, i) => ({
      uri: `p${i}`,
      text: `Page ${i} of round ${round}. ${words(90)}.`,
    }));
  const kept = await openKnowledge({ location: join(folder, "kept"), embedder, keepVersions: "forever" });
  const bare = await openKnowledge({ location: join(folder, "bare"), embedder, keepVersions: "none" });
  let last = [];
  let then;
  let before;
  const writing = { kept: [], bare: [] };
  for (let round = 0; round <= versions; round++) {
    last = pages(round);
    for (const [name, store] of Object.entries({ kept, bare })) {
      const begin = performance.now();
      await store.upsert(last);
      if (round > 0) writing[name].push(performance.now() - begin);
    }
    if (round === 0) {
      before = await measure(kept, "hybrid");
      then = new Date();
    }
  }
  console.log(
    `${chunks} chunks, each with ${versions} former versions, against the same without; medians of ${ROUNDS}`,
  );
  for (const mode of ["keyword", "vector", "hybrid"]) {
    const first = await measure(kept, mode);
    const second = await measure(bare, mode);
    const again = await measure(kept, mode);
    const past = await measure(kept, mode, then);
    const same = again.found.every((ids, i) => ids === second.found[i]);
    console.log(
      `${mode.padEnd(8)} without ${second.ms.toFixed(1)} ms, with ${Math.min(first.ms, again.ms).toFixed(1)} ms; as of the first state ${past.ms.toFixed(1)} ms; present ranks ${same ? "the same" : "DIFFER"}`,
    );
    if (mode === "hybrid") {
      const equal = past.found.filter((ids, i) => ids === before.found[i]).length;
      console.log(`as of the first state: ${equal} of ${ROUNDS} searches give exactly what they gave then`);
    }
  }
  console.log(
    `replacing all: without ${median(writing.bare).toFixed(0)} ms, with ${median(writing.kept).toFixed(0)} ms`,
  );
  const begin = performance.now();
  await kept.purge([{ uri: "p1" }], admin);
  console.log(`purge of one page: ${(performance.now() - begin).toFixed(0)} ms`);
  await kept.dispose();
  await bare.dispose();
} finally {
  await rm(folder, { recursive: true, force: true });
}
