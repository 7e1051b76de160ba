// How much longer generation takes through @advisor/adapters than straight through node-llama-cpp.
//
//   node bench/generation-overhead.mjs [--pairs 30] [--model FILE.gguf]
//
// Both sides run the same prompt (about 400 tokens) with the same settings, greedily, to the end of its short answer.
// They take turns within one process, each in a context of its own with the same size and threads, so that whatever else
// the machine does meets both. Needs `npm run build`.
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "30" },
    model: { type: "string", default: resolve(root, "packages/nano/models/nano-base.f16.gguf") },
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

// Long sentences, so that there is a prompt to read. They stand under no letters: nano says that it has no source.
const sentences = [
  "Every customer of the shop may return a product within thirty days of its delivery, with or without its box, and gets the whole price back within two weeks on the card or account that the order was paid with",
  "The support desk answers tickets, calls and letters from eight in the morning until six in the evening on every working day, and on the weekend only those that report a system that is down for all of its users",
  "Passwords are changed once a year by their owners, and at once when a device is lost, when a letter asks for one, or when the security team finds one of them in a list that somebody has put on the open network",
];
const messages = [
  { role: "system", content: "Answer from the sources. Quote and cite." },
  {
    role: "user",
    content: `[1] Handbook: \n${Array.from({ length: 7 }, (_, n) => `${sentences[n % sentences.length]}.`).join("\n")}\n\nQuestion: When are passwords changed?`,
  },
];

const generator = await loadModel({
  path: values.model,
  gpu: false,
  contextLength: 1024,
  concurrency: SEQUENCES,
  threads: THREADS,
});

const llama = await getLlama({
  build: "never",
  gpu: false,
  logLevel: LlamaLogLevel.disabled,
  progressLogs: false,
});
const model = await llama.loadModel({ modelPath: values.model });
const context = await model.createContext({ contextSize: 1024, sequences: SEQUENCES, threads: THREADS });
const sequence = context.getSequence();

const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

async function throughAdapters() {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let result;
  for await (const event of generator.generate({ messages, maxTokens: MAX_TOKENS })) {
    if (event.type === "done") result = event.result;
  }
  const ms = performance.now() - start;
  return { ms, cpuMs: cpuMs(cpu), text: result.text, prompt: result.prompt };
}

async function straight(prompt) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const tokens = model.tokenize(prompt, true);
  const written = [];
  for await (const token of sequence.evaluate(tokens)) {
    written.push(token);
    if (written.length >= MAX_TOKENS) break;
  }
  const text = model.detokenize(written);
  await sequence.clearHistory();
  const ms = performance.now() - start;
  return { ms, cpuMs: cpuMs(cpu), text, tokens: written.length, promptTokens: tokens.length };
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const { prompt } = await throughAdapters();
const check = await straight(prompt);
const first = await throughAdapters();
if (first.text !== check.text)
  throw new Error(`the two wrote different texts:\n${first.text}\n${check.text}`);

const adapters = [];
const raw = [];
for (let pair = 0; pair < pairs; pair++) {
  // Whoever goes second finds warmer caches, so they take turns at that too.
  if (pair % 2 === 0) {
    adapters.push(await throughAdapters());
    raw.push(await straight(prompt));
  } else {
    raw.push(await straight(prompt));
    adapters.push(await throughAdapters());
  }
}
const of = (runs, key) => runs.map((run) => run[key]);
const figures = {
  pairs,
  promptTokens: check.promptTokens,
  completionTokens: check.tokens,
  adaptersMedianMs: median(of(adapters, "ms")),
  straightMedianMs: median(of(raw, "ms")),
  ratioOfMedians: median(of(adapters, "ms")) / median(of(raw, "ms")),
  medianOfPairRatios: median(adapters.map(({ ms }, index) => ms / raw[index].ms)),
  // Processor time does not count the waiting for other programs, so it tells the truth on a busy machine too.
  cpuRatioOfMedians: median(of(adapters, "cpuMs")) / median(of(raw, "cpuMs")),
};
if (values.json) console.log(JSON.stringify(figures));
else {
  console.log(`${pairs} pairs, ${figures.promptTokens} prompt tokens, ${figures.completionTokens} written`);
  console.log(`through @advisor/adapters    median ${figures.adaptersMedianMs.toFixed(1)} ms`);
  console.log(`straight through the library median ${figures.straightMedianMs.toFixed(1)} ms`);
  console.log(`ratio of medians ${figures.ratioOfMedians.toFixed(3)}`);
  console.log(`median of the pairs' ratios ${figures.medianOfPairRatios.toFixed(3)}`);
  console.log(`ratio of medians of processor time ${figures.cpuRatioOfMedians.toFixed(3)}`);
}
await generator.dispose();
await context.dispose();
await model.dispose();
await llama.dispose();
