// How long a sync of very many small files takes and how much memory: the first one, one with nothing changed, and one
// with one edit. Vectors are made up, so that reading, diffing and writing show.
// Needs a build: `pnpm build`. Usage: node bench/many-files.mjs [files] [folder to work in]
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openKnowledge } from "@advisor/retrieval";

const FILES = Number(process.argv[2] ?? 100_000);
const home = await mkdtemp(join(process.argv[3] ?? tmpdir(), "many-files-"));
const pages = join(home, "pages");
const embedder = {
  id: "bench-constant",
  dimensions: 32,
  maxTokens: 512,
  countTokens: (texts) => texts.map((text) => text.split(/\s+/).length),
  embed: async (texts) => texts.map((text) => new Float32Array(32).fill(0).with(text.length % 32, 1)),
  dispose: async () => {},
};

const text = (i) =>
  `# Note ${i}\n\nThe valve ${i * 7} of unit ${i % 97} opens at ${i % 13} bar. It was checked in week ${i % 52}.\n`;
for (let from = 0; from < FILES; from += 200) {
  const folder = join(pages, `f${Math.floor(from / 1000)}`);
  await mkdir(folder, { recursive: true });
  const to = Math.min(from + 200, FILES);
  await Promise.all(
    Array.from({ length: to - from }, (_, i) => writeFile(join(folder, `n${from + i}.md`), text(from + i))),
  );
}

let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50);
const measured = async (name, work) => {
  globalThis.gc?.();
  peak = process.memoryUsage.rss();
  const before = peak;
  const begin = performance.now();
  const report = await work();
  const seconds = (performance.now() - begin) / 1000;
  const grown = Math.round((peak - before) / 1024 / 1024);
  const { added, changed, unchanged } = report;
  console.log(
    `${name.padEnd(24)} ${seconds.toFixed(2).padStart(8)} s  +${grown} MiB, ${Math.round(peak / 1024 / 1024)} MiB in all` +
      `  (${added.length} added, ${changed.length} changed, ${unchanged} unchanged)`,
  );
};

try {
  const knowledge = await openKnowledge({ location: join(home, "store"), embedder });
  await measured("first", () => knowledge.sync(pages));
  // States of files that were written moments before their sync are not trusted: this one reads those again.
  await sleep(4000);
  await measured("second, files still new", () => knowledge.sync(pages));
  await measured("nothing changed", () => knowledge.sync(pages));
  await writeFile(join(pages, "f0", "n7.md"), text(7).replace("valve", "gauge"));
  await measured("one edit", () => knowledge.sync(pages));
  await measured("rehash, nothing changed", () => knowledge.sync(pages, { rehash: true }));
  await knowledge.dispose();
} finally {
  clearInterval(watch);
  await rm(home, { recursive: true, force: true });
}
