import { ADMINISTRATOR, DEFAULT_TENANT } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";
import { textOf } from "./write-race.ts";

// Rewrites all documents of a store again and again, and compacts it: `busy-writer-child.ts <store> <documents>`, until it
// is killed. Says `ready` after the first round.
const [location = "", documents = "0"] = process.argv.slice(3);
const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
const principal = { tenant: DEFAULT_TENANT, roles: [ADMINISTRATOR] };
for (let round = 0; ; round++) {
  const uris = Array.from({ length: Number(documents) }, (_, i) => `d${i}`);
  await knowledge.upsert(uris.map((uri) => ({ uri, text: textOf(uri, `w-${round}`) })));
  if (round % 3 === 2) await knowledge.reindex?.({ principal });
  if (round === 0) process.stdout.write("ready\n");
}
