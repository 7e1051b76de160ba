// How much longer generation takes through @advisor/adapters than straight through node-llama-cpp.
//
//   node bench/generation-overhead.mjs [--pairs 30] [--model FILE.gguf]
//
// Both sides run the same prompt (about 400 tokens) with the same settings, greedily, to the same 60 tokens. They take
// turns within one process, each in a context of its own with the same size and threads, so that whatever else the
// machine does meets both. Needs `npm run build`.
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "30" },
    model: { type: "string", default: resolve(root, "packages/nano/models/nano-base.q8_0.gguf") },
    json: { type: "boolean", default: false },
  },
});
const pairs = Number(values.pairs);
const MAX_TOKENS = 60;
const SEQUENCES = 1;
const THREADS = 1;

const fromAdapters = createRequire(resolve(root, "packages/adapters/package.json"));
const { loadModel } = await import(pathToFileURL(resolve(root, "packages/adapters/dist/index.js")).href);
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(fromAdapters.resolve("node-llama-cpp")).href);

const sentences = [
  "Every customer may return a product within 30 days of its delivery.",
  "The support desk answers tickets from eight in the morning until six in the evening.",
  "Passwords are changed once a year, or at once when a device is lost.",
  "Travel costs are paid back when the receipts arrive within two months.",
];
const messages = [
  { role: "system", content: "Answer from the sources. Quote and cite." },
  {
    role: "user",
    content: `[1] Handbook: \n${Array.from({ length: 18 }, (_, n) => sentences[n % sentences.length]).join("\n")}\n\nQuestion: When are passwords changed?`,
  },
];

const generator = await loadModel({
  path: values.model,
  gpu: false,
  contextLength: 1024,
  concurrency: SEQUENCES,
  threads: THREADS,
});

const llama = await getLlama({ build: "never", gpu: false, logLevel: LlamaLogLevel.disabled, progressLogs: false });
const model = await llama.loadModel({ modelPath: values.model });
const context = await model.createContext({ contextSize: 1024, sequences: SEQUENCES, threads: THREADS });
const sequence = context.getSequence();

// Both must write exactly MAX_TOKENS, or they would not be compared on the same work: a grammar would do it, at a cost
// of its own, so the prompt is one whose greedy answer is long.
async function throughAdapters() {
  const start = performance.now();
  let result;
  for await (const event of generator.generate({ messages, maxTokens: MAX_TOKENS })) {
    if (event.type === "done") result = event.result;
  }
  return { ms: performance.now() - start, text: result.text, tokens: result.completionTokens, prompt: result };
}

async function straight(prompt) {
  const start = performance.now();
  const tokens = model.tokenize(prompt, true);
  const written = [];
  for await (const token of sequence.evaluate(tokens)) {
    written.push(token);
    if (written.length >= MAX_TOKENS) break;
  }
  const text = model.detokenize(written);
  await sequence.clearHistory();
  return { ms: performance.now() - start, text, tokens: written.length, promptTokens: tokens.length };
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const { prompt } = (await throughAdapters()).prompt;
const check = await straight(prompt);
const first = await throughAdapters();
if (first.text !== check.text) throw new Error(`the two wrote different texts:\n${first.text}\n${check.text}`);

const adapters = [];
const raw = [];
for (let pair = 0; pair < pairs; pair++) {
  // Whoever goes second finds warmer caches, so they take turns at that too.
  if (pair % 2 === 0) {
    adapters.push((await throughAdapters()).ms);
    raw.push((await straight(prompt)).ms);
  } else {
    raw.push((await straight(prompt)).ms);
    adapters.push((await throughAdapters()).ms);
  }
}
const figures = {
  pairs,
  promptTokens: check.promptTokens,
  completionTokens: check.tokens,
  adaptersMedianMs: median(adapters),
  straightMedianMs: median(raw),
  ratioOfMedians: median(adapters) / median(raw),
  medianOfPairRatios: median(adapters.map((ms, index) => ms / raw[index])),
  ratioOfFastest: Math.min(...adapters) / Math.min(...raw),
};
if (values.json) console.log(JSON.stringify(figures));
else {
  console.log(`${figures.pairs} pairs, ${figures.promptTokens} prompt tokens, ${figures.completionTokens} written`);
  console.log(`through @advisor/adapters   median ${figures.adaptersMedianMs.toFixed(1)} ms`);
  console.log(`straight through the library median ${figures.straightMedianMs.toFixed(1)} ms`);
  console.log(
    `ratio of medians ${figures.ratioOfMedians.toFixed(3)}, median of pair ratios ${figures.medianOfPairRatios.toFixed(3)}, of the fastest ${figures.ratioOfFastest.toFixed(3)}`,
  );
}
await generator.dispose();
await context.dispose();
await model.dispose();
await llama.dispose();
