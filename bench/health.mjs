// How long `check` takes on a generated store of 10,000 chunks, and what it finds of what was planted in it; with
// `--corpus FOLDER`, what it calls a contradiction on pages that people wrote, and how much of that somebody judged to be one.
// Usage: npm run bench -- health [pages]
//        npm run bench -- health --corpus FOLDER [--half first|second] [--sample N] [--seed N]
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openKnowledge } from "@advisor/retrieval";
import { judged, sampleOf } from "./lib/judged-findings.mjs";
import { naturalPages } from "./lib/natural-pages.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corpus: { type: "string" },
    half: { type: "string" },
    sample: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
  },
});
const PAGES = Number(positionals[0] ?? 2000);
const principal = { tenant: "default", roles: ["administrator"] };
/** The check does not read vectors, so the cheapest ones will do. */
const embedder = {
  id: "bench-constant",
  dimensions: 4,
  maxTokens: 512,
  countTokens: (texts) => texts.map((text) => text.split(/\s+/).length),
  embed: async (texts) => texts.map(() => Float32Array.of(1, 0, 0, 0)),
  dispose: async () => {},
};

const natural = options.corpus === undefined ? undefined : naturalPages(options.corpus, options.half);
if (options.corpus !== undefined && !natural) {
  console.log(
    `There is neither natural.jsonl.gz nor a Markdown page in ${options.corpus}: nothing to measure on.`,
  );
  process.exit(0);
}
const { documents, planted } = natural ? { documents: natural } : await plantedPages(PAGES);

const location = await mkdtemp(join(tmpdir(), "health-"));
try {
  const knowledge = await openKnowledge({ location, embedder, keepVersions: "none" });
  await knowledge.upsert(documents);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const start = performance.now();
  const report = await knowledge.check({ principal, today: "2026-11-21" });
  const elapsedMs = performance.now() - start;
  clearInterval(watch);
  peak = Math.max(peak, process.memoryUsage().rss);
  console.log(
    JSON.stringify(
      {
        pages: report.documents,
        chunks: report.chunks,
        characters: documents.reduce((sum, { text }) => sum + text.length, 0),
        seconds: Number((elapsedMs / 1000).toFixed(1)),
        addedMemoryMB: Math.round((peak - before) / 1e6),
        ...(planted && { planted }),
        checks: report.checks.map(({ check, found, elapsedMs: ms, skipped }) => ({
          check,
          found,
          ms: Math.round(ms),
          ...(skipped && { skipped }),
        })),
      },
      null,
      1,
    ),
  );
  if (options.corpus !== undefined) {
    const contradictions = report.findings.filter(({ check }) => check === "contradiction");
    writeJudged(sampleOf(contradictions, Number(options.sample), Number(options.seed)));
  }
  await knowledge.dispose();
} finally {
  await rm(location, { recursive: true, force: true });
}

function writeJudged(sample) {
  const verdicts = sample.map((finding) => ({ finding, verdict: judged(finding) }));
  for (const { finding, verdict } of verdicts) {
    console.log(`\n[${verdict ?? "not judged"}] ${finding.key}: ${finding.message}`);
    console.log(`  ${finding.uri}: ${finding.quote}`);
    console.log(`  ${finding.other.uri}: ${finding.other.quote}`);
  }
  const count = (wanted) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const known = count("true") + count("false");
  console.log(
    `\n${sample.length} sampled, ${known} judged: ${count("true")} contradictions, ${count("false")} none` +
      (known > 0 ? `, precision ${(count("true") / known).toFixed(2)}` : ""),
  );
}

/** Pages with known faults in them. */
async function plantedPages(count) {
  let seed = 1;
  const random = (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };

  const handbook = new URL("../examples/handbook/", import.meta.url);
  const paragraphs = [];
  for (const name of await readdir(handbook, { recursive: true })) {
    if (!name.endsWith(".md")) continue;
    const text = await readFile(new URL(name, handbook), "utf8");
    paragraphs.push(...text.split("\n").filter((line) => /^[A-Z].{60,}/.test(line)));
  }
  /** A paragraph of the handbook with other digits and some words of its own, so that no two are the same. */
  const paragraph = () =>
    paragraphs[random(paragraphs.length)]
      .replace(/\d/g, () => String(random(10)))
      .split(" ")
      .map((word) => (random(6) === 0 ? `${word}${random(500)}` : word))
      .join(" ");

  const documents = [];
  let broken = 0;
  for (let page = 0; page < count; page++) {
    let text = `---\nreviewBy: ${page % 100 === 0 ? "2026-01-01" : "2028-01-01"}\nroles: [employee]\n---\n# Page ${page}\n`;
    for (let part = 0; part < 5; part++) {
      const target = random(Math.round(count * 1.05));
      if (target >= count) broken++;
      text += `\n## Part ${part}\n\n${paragraph()} See [there](p${target}.md#part-1).\n\n${paragraph()}\n`;
    }
    documents.push({ uri: `p${page}.md`, text });
  }
  return { documents, planted: { outdated: Math.ceil(count / 100), brokenLinks: broken } };
}
