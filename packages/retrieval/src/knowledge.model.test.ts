import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeEmbedder, describeRetriever } from "@advisor/contracts/testing";
import { openKnowledge } from "./knowledge.ts";

describeRetriever("LanceDB", async () =>
  openKnowledge({
    location: await mkdtemp(join(tmpdir(), "knowledge-")),
    embedder: createFakeEmbedder(),
  }),
);
