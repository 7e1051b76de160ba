// Every part can be replaced through its contract. Here: an embedder that needs no model at all.
import { createAdvisor, type Embedder } from "@advisor/core";

const DIMENSIONS = 512;

/** Counts letter triples into buckets: words that are spelt alike lie near each other. */
function triples(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  const plain = ` ${text.toLowerCase().replace(/\s+/g, " ")} `;
  for (let i = 0; i + 3 <= plain.length; i++) {
    let bucket = 0;
    for (let j = i; j < i + 3; j++) bucket = (bucket * 31 + plain.charCodeAt(j)) % DIMENSIONS;
    vector[bucket] = (vector[bucket] ?? 0) + 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

const embedder: Embedder = {
  id: "letter-triples-512", // a store remembers this and refuses another embedder
  dimensions: DIMENSIONS,
  maxTokens: 256,
  embed: async (texts) => texts.map(triples),
  countTokens: (texts) => texts.map((text) => text.split(/\s+/).length),
  dispose: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

const advisor = await createAdvisor({ store: ".advisor-triples", embedder });
await advisor.sync("handbook");

const { passages } = await advisor.search("calibratoin certificats", { mode: "vector", topK: 3 });
for (const { uri, score } of passages) console.log(`${score.toFixed(2)} ${uri}`);

await advisor.dispose();
