// A text is embedded once, however many stores are made of it: it pays for slow embedders and for those that cost money.
import { createAdvisor, createCachedEmbedder, type Embedder } from "@advisor/core";

let embedded = 0;
const slow: Embedder = {
  id: "letters-26",
  dimensions: 26,
  maxTokens: 256,
  embed: async (texts) => {
    embedded += texts.length;
    return texts.map((text) => {
      const vector = new Float32Array(26);
      for (const letter of text.toLowerCase()) {
        const place = letter.charCodeAt(0) - 97;
        if (place >= 0 && place < 26) vector[place] = (vector[place] ?? 0) + 1;
      }
      const length = Math.hypot(...vector) || 1;
      return vector.map((value) => value / length);
    });
  },
  countTokens: (texts) => texts.map((text) => text.split(/\s+/).length),
  dispose: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

for (const store of [".advisor-first", ".advisor-second"]) {
  embedded = 0;
  const embedder = createCachedEmbedder(slow, { folder: ".advisor-vectors" });
  const advisor = await createAdvisor({ store, embedder });
  await advisor.sync("handbook/hr");
  console.log(`${store}: ${embedded > 0 ? "some" : "no"} texts embedded`);
  await advisor.dispose();
  await embedder.dispose();
}
