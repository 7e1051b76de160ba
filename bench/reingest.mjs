// How long a changed rule takes on stored pages: with a fast and a slow embedder, new and stored vectors.
//
// `npm run bench -- reingest [pages]`. Generated pages are stored, then stored again with another role, which changes every
// row and no text. The slow embedder is the embedded one and 5 ms a text, as a small transformer takes on two cores.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { nanoEmbedder } from "@advisor/nano";
import { createTransformersEmbedder, openKnowledge } from "@advisor/retrieval";
import { corpus } from "./lib/generated-corpus.mjs";

const count = Number(process.argv[2] ?? 100);
const folder = await mkdtemp(join(tmpdir(), "advisor-reingest-"));
const { folder: model } = await nanoEmbedder();
const real = await createTransformersEmbedder({ folder: model });
const source = corpus({ seed: 5 });
const pages = (role) =>
  Array.from({ length: count }, (_, i) => ({ uri: `${i}.md`, text: source.document(i), roles: [role] }));
try {
  const rows = [];
  for (const [name, msPerText] of [
    ["embedded", 0],
    ["5 ms a text", 5],
  ]) {
    let texts = 0;
    const embedder = {
      ...real,
      embed: async (list, kind, signal) => {
        texts += list.length;
        if (msPerText > 0) await wait(msPerText * list.length);
        return real.embed(list, kind, signal);
      },
    };
    const knowledge = await openKnowledge({ location: join(folder, `${msPerText}`), embedder });
    for (const [call, role] of [
      ["first", "staff"],
      ["another role", "sales"],
      ["a third role", "legal"],
    ]) {
      texts = 0;
      const cpu = process.cpuUsage();
      const { chunks, elapsedMs } = await knowledge.upsert(pages(role));
      const { user, system } = process.cpuUsage(cpu);
      rows.push({
        embedder: name,
        call,
        chunks,
        "texts embedded": texts,
        "elapsed, s": Number((elapsedMs / 1000).toFixed(2)),
        "processor, s": Number(((user + system) / 1e6).toFixed(2)),
      });
    }
    await knowledge.dispose();
  }
  console.table(rows);
} finally {
  await real.dispose();
  await rm(folder, { recursive: true, force: true });
}
