import { appendFileSync } from "node:fs";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";
import { textOf } from "./write-race.ts";

// Writes all documents of a store anew, again and again, until it is killed: `exchange-child.ts <store> <documents> <round>
// <file>`. Each call is one exchange. Appends each round to the file once it is acknowledged; says `ready` before the first.
const [location = "", documents = "0", first = "0", file = ""] = process.argv.slice(3);
const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
process.stdout.write("ready\n");
for (let round = Number(first); ; round++) {
  const uris = Array.from({ length: Number(documents) }, (_, i) => `d${i}`);
  await knowledge.upsert(uris.map((uri) => ({ uri, text: textOf(uri, `w-${round}`) })));
  appendFileSync(file, `${round}\n`);
}
