import { once } from "node:events";
import { appendFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";
import { NEW_DOCUMENTS, OWN_DOCUMENTS, SHARED_DOCUMENTS, textOf, type WriteNote } from "./write-race.ts";

// One of several writers: see write-race.ts. Says `ready`, begins when it is told to, notes each call in a file.
const { location, storageOptions, seconds, writer, file } = JSON.parse(process.argv[3] ?? "{}");
writeFileSync(file, "");
const note = (entry: object) => appendFileSync(file, `${JSON.stringify(entry)}\n`);
const knowledge = await openKnowledge({
  location,
  ...(storageOptions && { storageOptions }),
  embedder: createFakeEmbedder(),
  lockTimeoutMs: 120_000,
});
process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();

let count = 0;
const begin = Date.now();
const elapsed = () => Date.now() - begin;
let slot = 0;
while (elapsed() < seconds * 1000) {
  const uris = [`shared-${count % SHARED_DOCUMENTS}`, `own-${writer}-${count % OWN_DOCUMENTS}`];
  const due = Math.floor((elapsed() / (seconds * 1000)) * NEW_DOCUMENTS);
  if (due >= slot) uris.unshift(`new-${slot++}`);
  const own = uris.at(-1) ?? "";
  const removes = count % 7 === 6;
  const written = removes ? uris.slice(0, -1) : uris;
  const stamp = `w${writer}-${count++}`;
  const call = async (touched: readonly string[], made: string | null, work: () => Promise<unknown>) => {
    const notes = touched.map((uri): WriteNote => ({ uri, stamp: made, begin: Date.now() }));
    for (const entry of notes) note(entry);
    try {
      await work();
      for (const entry of notes) note({ ...entry, end: Date.now() });
    } catch (error) {
      note({ error: String(error) });
    }
  };
  await call(written, stamp, () =>
    knowledge.upsert(written.map((uri) => ({ uri, text: textOf(uri, stamp) }))),
  );
  if (removes) await call([own], null, () => knowledge.remove([own]));
  await sleep(1);
}
await knowledge.dispose();
