import { createFakeEmbedder } from "@advisor/contracts/testing";
import { reembedKnowledge } from "../src/reembed/reembed.ts";

// Re-embeds a store: `reembed-child.ts <store> <dimensions>`. Says `ready` before it begins and `done` when it ends.
const [location = "", dimensions = ""] = process.argv.slice(3);
const embedder = createFakeEmbedder({ id: "other", dimensions: Number(dimensions) });
process.stdout.write("ready\n");
await reembedKnowledge({ location, embedder });
process.stdout.write("done\n");
