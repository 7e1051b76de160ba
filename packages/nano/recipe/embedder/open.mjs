// An embedder as the product loads it, and how fast it is.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../lib/llama-cpp.mjs";

const SPEED_TEXTS = 64;
const SPEED_TOKENS = 200;

export async function openEmbedder(folder) {
  const { createTransformersEmbedder } = await import(
    pathToFileURL(join(packageFolder, "../retrieval/dist/index.js")).href
  );
  const card = JSON.parse(await readFile(join(packageFolder, "models/nano-embed.card.json"), "utf8"));
  const embedder = await createTransformersEmbedder({ folder, name: card.name, maxTokens: card.maxTokens });

  /** Texts of 200 tokens a second, the best of three runs. */
  async function textsPerSecond() {
    const word = "window ";
    const text = word.repeat(Math.floor(SPEED_TOKENS / embedder.countTokens([word])[0]));
    const texts = Array.from({ length: SPEED_TEXTS }, () => text);
    await embedder.embed(texts.slice(0, 8), "passage");
    let best = 0;
    for (let run = 0; run < 3; run++) {
      const began = performance.now();
      await embedder.embed(texts, "passage");
      best = Math.max(best, (1000 * SPEED_TEXTS) / (performance.now() - began));
    }
    return Math.round(best);
  }
  return {
    card,
    dimensions: embedder.dimensions,
    embed: (texts, kind) => embedder.embed(texts, kind),
    countTokens: (texts) => embedder.countTokens(texts),
    textsPerSecond,
    dispose: () => embedder.dispose(),
  };
}
