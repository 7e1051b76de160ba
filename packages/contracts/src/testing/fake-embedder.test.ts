import { describeEmbedder } from "./embedder-suite.ts";
import { createFakeEmbedder } from "./fake-embedder.ts";

describeEmbedder("fake", async () => createFakeEmbedder());
