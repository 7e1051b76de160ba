// How many texts of 200 tokens a second transformers.js embeds. Usage: node embedder/speed.mjs FOLDER...
import { join } from "node:path";
import { openEmbedder } from "./open.mjs";

for (const folder of process.argv.slice(2)) {
  const embedder = await openEmbedder(join(folder, "nano-embed"));
  console.log(`${folder}: ${await embedder.textsPerSecond()} texts of 200 tokens a second`);
  await embedder.dispose();
}
