import { createFakeEmbedder } from "@advisor/contracts/testing";
import { openKnowledge } from "../src/knowledge.ts";

// Syncs a folder into a store: `sync-child.ts <store> <folder>`. Says `ready` before it begins and `done` when it ends.
const [location = "", folder = ""] = process.argv.slice(3);
const knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
process.stdout.write("ready\n");
await knowledge.sync(folder, { source: "folder" });
await knowledge.dispose();
process.stdout.write("done\n");
