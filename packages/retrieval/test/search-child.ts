import { AdvisorError, DEFAULT_PRINCIPAL } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";

// Searches a store until a search fails: `search-child.ts <store> <query> <least passages>`. Says `ready` after the first
// search. Ends with 0 when it was told that the store was re-embedded, and with 3 when it found too little before.
const [location = "", query = "", least = "1"] = process.argv.slice(3);
const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
try {
  for (let searches = 0; ; searches++) {
    const { passages } = await knowledge.search({ query, principal: DEFAULT_PRINCIPAL, topK: 200 });
    if (passages.length < Number(least)) {
      process.stderr.write(`found ${passages.length} passages`);
      process.exit(3);
    }
    if (searches === 0) process.stdout.write("ready\n");
  }
} catch (error) {
  const told = AdvisorError.isInstance(error) && error.code === "store_embedder_mismatch";
  if (!told) process.stderr.write(String(error));
  process.exit(told ? 0 : 4);
}
