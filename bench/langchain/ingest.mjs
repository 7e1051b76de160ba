// Takes in a folder of Markdown with LangChain.js, and prints what it took as JSON. Run by bench/ingest.mjs.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HuggingFaceTransformersEmbeddings } from "@langchain/community/embeddings/huggingface_transformers";
import { LanceDB } from "@langchain/community/vectorstores/lancedb";
import { Document } from "@langchain/core/documents";
import { Embeddings } from "@langchain/core/embeddings";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";

const { pages, store, model, embedding, chunkSize, chunkOverlap } = JSON.parse(process.argv[2]);

/** Vectors that cost nothing. */
class NoEmbeddings extends Embeddings {
  async embedDocuments(texts) {
    return texts.map(() => Array.from({ length: 256 }, (_, i) => (i === 0 ? 1 : 0)));
  }
  async embedQuery() {
    return (await this.embedDocuments([""]))[0];
  }
}
const options = { model, pretrainedOptions: { local_files_only: true, dtype: "fp32" } };
const embeddings = embedding ? new HuggingFaceTransformersEmbeddings(options) : new NoEmbeddings({});
await embeddings.embedQuery("warm up");

const begin = performance.now();
const cpu = process.cpuUsage();
const documents = [];
for (const name of (await readdir(pages)).sort()) {
  const pageContent = await readFile(join(pages, name), "utf8");
  documents.push(new Document({ pageContent, metadata: { source: name } }));
}
const splitter = RecursiveCharacterTextSplitter.fromLanguage("markdown", { chunkSize, chunkOverlap });
const chunks = await splitter.splitDocuments(documents);
// Nested metadata is no column type that LanceDB infers alike for all rows.
for (const chunk of chunks) {
  const { source, loc } = chunk.metadata;
  chunk.metadata = { source, from: loc.lines.from, to: loc.lines.to };
}
await LanceDB.fromDocuments(chunks, embeddings, { uri: store });
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    seconds: (performance.now() - begin) / 1000,
    processorSeconds: (user + system) / 1e6,
    chunks: chunks.length,
    peakMegabytes: process.resourceUsage().maxRSS / 1000,
  }),
);
process.exit(0);
