import { ADMINISTRATOR, DEFAULT_TENANT } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";

// Work to be killed at: see crash.ts. Says `ready` before it opens the store.
const { work, location, pages, source } = JSON.parse(process.argv[3] ?? "{}");
process.stdout.write("ready\n");
const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
const principal = { tenant: DEFAULT_TENANT, roles: [ADMINISTRATOR] };
if (work === "reindex") await knowledge.reindex?.({ principal });
else await knowledge.sync(pages, { source });
if (work === "remove") await knowledge.removeTenant?.({ principal });
await knowledge.dispose();
