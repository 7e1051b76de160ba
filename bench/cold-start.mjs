// Import to first answer in a fresh process, store present, and its peak memory: `npm run bench -- cold-start [runs]`.
//
// Each run spawns node, which imports @advisor/core, creates an advisor on a store made beforehand, and asks one question.
// Printed: milliseconds from the first line of the program to the answer and from the start of the process, processor
// time of all threads (what a busy machine does not change), and the peak resident set (getrusage). Figures to reach: under 2,000 ms and under 700 MB.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAX_MS = 2000;
const MAX_MB = 700;
const QUESTION = "How many days of paid leave do employees in Norway have?";
const here = fileURLToPath(import.meta.url);
const handbook = fileURLToPath(new URL("../examples/handbook", import.meta.url));

if (process.argv[2] === "--ask") await askOnce(process.argv[3], process.argv[4]);
else await measure(Number(process.argv[2] ?? 7));

async function askOnce(store, mode) {
  const start = performance.now();
  const { createAdvisor } = await import("@advisor/core");
  const imported = performance.now();
  const advisor = await createAdvisor({ store });
  const answer = await advisor.ask({ question: QUESTION, mode });
  const end = performance.now();
  const { user, system } = process.cpuUsage();
  console.log(
    JSON.stringify({
      text: answer.text,
      refused: answer.refused,
      importMs: imported - start,
      ms: end - start,
      processMs: end,
      cpuMs: (user + system) / 1000,
      retrievalMs: answer.timings.retrievalMs,
      groundingMs: answer.timings.groundingMs,
      generationMs: answer.timings.generationMs,
      peakMb: process.resourceUsage().maxRSS / 1024,
    }),
  );
  await advisor.dispose();
}

async function measure(runs) {
  if (!existsSync(handbook)) throw new Error(`${handbook}: the sample handbook is not there`);
  const { createAdvisor } = await import("@advisor/core");
  const folder = await mkdtemp(join(tmpdir(), "advisor-cold-start-"));
  try {
    const store = join(folder, "store");
    const advisor = await createAdvisor({ store });
    await advisor.sync(handbook);
    await advisor.dispose();
    let failed = false;
    for (const mode of ["retrieval", "hybrid"]) {
      const results = Array.from({ length: runs }, () => spawnAsk(store, mode));
      const worst = Math.max(...results.map(({ ms }) => ms));
      const peak = Math.max(...results.map(({ peakMb }) => peakMb));
      console.log(`${mode}: "${results[0].text}"`);
      for (const name of [
        "importMs",
        "ms",
        "processMs",
        "cpuMs",
        "retrievalMs",
        "groundingMs",
        "generationMs",
        "peakMb",
      ]) {
        const values = results.map((result) => result[name]).sort((a, b) => a - b);
        const show = (value) => value.toFixed(0).padStart(6);
        console.log(
          `  ${name.padEnd(13)} median ${show(values[values.length >> 1])}  min ${show(values[0])}  max ${show(values.at(-1))}`,
        );
      }
      const ok = worst < MAX_MS && peak < MAX_MB;
      failed ||= !ok;
      console.log(
        `  ${ok ? "reached" : "MISSED"}: worst ${worst.toFixed(0)} of ${MAX_MS} ms, ${peak.toFixed(0)} of ${MAX_MB} MB`,
      );
    }
    process.exitCode = failed ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function spawnAsk(store, mode) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [here, "--ask", store, mode], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the spawned program failed (${status}): ${stderr}`);
  const result = JSON.parse(stdout.trim().split("\n").at(-1));
  if (result.refused) throw new Error("it refused, so nothing was measured");
  return result;
}
