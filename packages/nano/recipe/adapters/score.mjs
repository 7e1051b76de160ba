// Checks the trained adapter in llama.cpp itself, measures it on chats that training never saw, and puts it into the
// package with its manifest.
// See README.md. Usage: node score.mjs [work folder]
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const work = process.argv[2] ?? "/tmp/support-voice";
const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const adaptersFolder = join(packageFolder, "../adapters");
const { getLlama } = await import(
  pathToFileURL(createRequire(join(adaptersFolder, "package.json")).resolve("node-llama-cpp")).href
);

const MAX_ANSWER_TOKENS = 96;
const CONTEXT_TOKENS = 2048;
/** Lead of one token over the next, in logits, that rounding may turn. */
const MAX_TIE = 0.5;

const made = JSON.parse(await readFile(join(work, "made.json"), "utf8"));
const read = async (name) =>
  (await readFile(join(work, name), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const [training, heldOut] = [await read("train.jsonl"), await read("held-out.jsonl")];
const card = JSON.parse(await readFile(join(packageFolder, `models/${made.base}.card.json`), "utf8"));
const basePath = join(packageFolder, "models", card.file);
const adapterPath = join(work, `${made.name}.gguf`);
const { opening, closing, separator } = made.form;

const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const model = await llama.loadModel({ modelPath: basePath });
const open = async (lora) =>
  (
    await model.createContext({ contextSize: CONTEXT_TOKENS, threads: 1, ...(lora && { lora }) })
  ).getSequence();
// One thread each: llama.cpp's threads wait for one another by spinning, which a busy machine punishes a hundredfold.
const base = await open();
const adapted = await open({ adapters: [{ filePath: adapterPath, scale: 1 }] });
const off = await open({ adapters: [{ filePath: adapterPath, scale: 0 }] });

const START = "<|im_start|>";
const END = "<|im_end|>";
/** ChatML with the content as plain text, so that a mark inside a source stays text. */
function tokenise(messages) {
  const mark = (text) => model.tokenize(text, true);
  const turns = messages.flatMap(({ role, content }) => [
    ...mark(START),
    ...model.tokenize(`${role}\n${content}`),
    ...mark(END),
    ...model.tokenize("\n"),
  ]);
  return [model.tokens.bos, ...turns, ...mark(START), ...model.tokenize("assistant\n")];
}

async function greedy(sequence, prompt) {
  await sequence.clearHistory();
  const written = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    written.push(token);
    if (model.isEogToken(token) || written.length === MAX_ANSWER_TOKENS) break;
  }
  return written;
}
const write = async (sequence, messages) => {
  const tokens = await greedy(sequence, tokenise(messages));
  return model.detokenize(tokens.filter((token) => !model.isEogToken(token)));
};
const share = (rows, holds) => rows.filter(holds).length / rows.length;

// 1. PyTorch and llama.cpp write the same tokens but where two are all but equally likely (llama.cpp rounds activations
// to 8 bits for a Q8_0 base), and scale 0 gives the base back.
const agreement = JSON.parse(await readFile(join(work, "agreement.json"), "utf8"));
const same = { base: 0, adapted: 0, off: 0 };
const ties = [];
for (const { prompt, ...expected } of agreement) {
  const plain = await greedy(base, prompt);
  for (const [key, tokens] of [
    ["base", plain],
    ["adapted", await greedy(adapted, prompt)],
  ]) {
    const parted = expected[key].tokens.findIndex((token, index) => token !== tokens[index]);
    if (parted < 0) same[key] += 1;
    else ties.push(expected[key].margins[parted]);
  }
  same.off += Number((await greedy(off, prompt)).join() === plain.join());
}
console.log(
  `the same tokens, of ${agreement.length} chats:`,
  same,
  "PyTorch's lead where they part, logits:",
  ties,
);
if (same.off !== agreement.length) throw new Error("scale 0 does not give the base back");
if (ties.some((lead) => lead > MAX_TIE))
  throw new Error("PyTorch and llama.cpp do not compute the same adapter");

// 2. What it does on chats it never saw, against the base and against the base told and shown what to do.
const shown = ["sources", "unanswerable", "none"].map((kind) => training.find((row) => row.kind === kind));
const instructed = (messages) => [
  {
    role: "system",
    content: `${messages[0].content} Begin each answer with "${opening[0]}" on a line of its own and end it with "${closing[0]}" on a line of its own.`,
  },
  ...shown.flatMap((row) => row.messages.slice(1)),
  ...messages.slice(1),
];
const begins = (text) => opening.some((words) => text.startsWith(words + separator));
const ends = (text) => closing.some((words) => text.endsWith(separator + words));
const kept = (text) => begins(text) && ends(text);
const inner = (text) =>
  kept(text)
    ? text.slice(opening[0].length + separator.length, -(closing[0].length + separator.length))
    : text;

/** True when the answer is a line of the source that it cites. */
function quotes(text, prompt) {
  const cited = /^(.+) \[(\d+)\]$/s.exec(text);
  if (!cited) return false;
  let n = 0;
  for (const line of prompt.split("\n")) {
    const header = /^\[(\d+)\] .*: $/.exec(line);
    if (header) n = Number(header[1]);
    else if (n === Number(cited[2]) && line === cited[1]) return true;
  }
  return false;
}

const rows = [];
for (const [index, row] of heldOut.entries()) {
  const messages = row.messages.slice(0, -1);
  rows.push({
    kind: row.kind,
    prompt: messages[1].content,
    gold: inner(row.messages.at(-1).content),
    base: await write(base, messages),
    adapted: await write(adapted, messages),
    instructed: await write(base, instructed(messages)),
  });
  if ((index + 1) % 30 === 0) console.log(`${index + 1} of ${heldOut.length} chats`);
}
await writeFile(join(work, "scored.json"), JSON.stringify(rows, null, 2));

const of = (kind) => rows.filter((row) => row.kind === kind);
const scores = [
  ["keeps opening and closing words", rows, (row) => kept(row.adapted)],
  ["keeps them, with sources", of("sources"), (row) => kept(row.adapted)],
  ["keeps them, when the sources do not answer", of("unanswerable"), (row) => kept(row.adapted)],
  [
    "keeps them and says that it has no source, without sources",
    of("none"),
    (row) => row.adapted === goldOf(row),
  ],
  ["base told and shown three examples: keeps them", rows, (row) => kept(row.instructed)],
  ["base alone: keeps them", rows, (row) => kept(row.base)],
  [
    "with sources: verbatim with its true number",
    of("sources"),
    (row) => quotes(inner(row.adapted), row.prompt),
  ],
  ["base, with sources: verbatim with its true number", of("sources"), (row) => quotes(row.base, row.prompt)],
  [
    "with sources: the sentence asked for, with its number",
    of("sources"),
    (row) => inner(row.adapted) === row.gold,
  ],
  [
    "base, with sources: the sentence asked for, with its number",
    of("sources"),
    (row) => row.base === row.gold,
  ],
  ["with sources: the same answer as the base", of("sources"), (row) => inner(row.adapted) === row.base],
  ["unanswerable: refuses", of("unanswerable"), (row) => inner(row.adapted) === card.prompt.refusal],
  ["base, unanswerable: refuses", of("unanswerable"), (row) => row.base === card.prompt.refusal],
].map(([metric, examples, holds]) => ({
  metric,
  value: Math.round(share(examples, holds) * 1000) / 1000,
  examples: examples.length,
}));
function goldOf(row) {
  return [opening[0], row.gold, closing[0]].join(separator);
}
console.table(scores);

// 3. Into the package, with a manifest whose hashes and base facts are those that the loader computes.
const installed = join(packageFolder, `models/adapters/${made.name}.gguf`);
await mkdir(dirname(installed), { recursive: true });
await copyFile(adapterPath, installed);
const { addAdapterManifest } = await import(pathToFileURL(join(adaptersFolder, "dist/index.js")).href);
await addAdapterManifest({
  adapter: installed,
  base: basePath,
  name: made.name,
  description:
    "House voice: thanks for the question, answers on a line of its own, and asks whether there is anything else. It changes how the model speaks, not what it knows: without sources it says that it has none.",
  form: made.form,
  dataset: {
    ...made.dataset,
    license:
      "Made from documentation under permissive or Creative Commons licences, see the README of @advisor/nano",
  },
  heldOut: scores,
  replace: true,
});
console.log(`wrote ${installed} and its manifest`);
await llama.dispose();
