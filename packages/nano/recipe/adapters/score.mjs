// Checks a trained adapter in llama.cpp itself, measures it on chats that training never saw, and writes its manifest.
// Usage: node adapters/score.mjs --work FOLDER [--install [--force]]
//   Without --install adapter and manifest stay in the work folder.
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { labelReading } from "../lib/core.mjs";
import { guardInstall } from "../lib/install.mjs";
import { importAdapters, openModel, packageFolder } from "../lib/llama-cpp.mjs";
import { checksFor } from "./checks.mjs";

/** Lead of one token over the next, in logits, that rounding may turn. */
const MAX_TIE = 0.5;
const MAX_ANSWER_TOKENS = 128;
/** An adapter is to beat the base that is told and shown what to do by this much. */
const MARGIN = 0.4;
const { values } = parseArgs({
  options: {
    work: { type: "string" },
    install: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
  },
});
if (!values.work) throw new Error("name the folder of the training run with --work");
const { work } = values;
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));
const read = async (name) =>
  (await readFile(join(work, name), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const made = await readJson(join(work, "made.json"));
const [training, heldOut] = [await read("train.jsonl"), await read("held-out.jsonl")];
const adapterPath = join(work, `${made.name}.gguf`);
const checks = checksFor(made.name, made.form);

const llama = await openModel(made.basePath);
const base = await llama.open();
const adapted = await llama.open({ adapters: [{ filePath: adapterPath, scale: 1 }] });
const off = await llama.open({ adapters: [{ filePath: adapterPath, scale: 0 }] });

// 1. PyTorch and llama.cpp write the same tokens but where two are all but equally likely (llama.cpp rounds activations
// to 8 bits for a Q8_0 base), and scale 0 gives the base back.
const agreement = await readJson(join(work, "agreement.json"));
const same = { base: 0, adapted: 0, off: 0 };
const ties = [];
for (const { prompt, ...expected } of agreement) {
  const plain = await llama.greedy(base, prompt);
  for (const [key, tokens] of [
    ["base", plain],
    ["adapted", await llama.greedy(adapted, prompt)],
  ]) {
    const parted = expected[key].tokens.findIndex((token, index) => token !== tokens[index]);
    if (parted < 0) same[key] += 1;
    else ties.push(expected[key].margins[parted]);
  }
  same.off += Number((await llama.greedy(off, prompt)).join() === plain.join());
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
const kinds = [...new Set(training.map(({ kind }) => kind))];
const shown = kinds.slice(0, 3).map((kind) => training.find((row) => row.kind === kind));
const instructed = (messages) => [
  { role: "system", content: `${messages[0].content} ${checks.instructions}` },
  ...shown.flatMap((row) => row.messages.slice(1)),
  ...messages.slice(1),
];
const readLabels = await labelReading();
const rows = [];
for (const [index, { kind, expect, labels, messages: whole }] of heldOut.entries()) {
  const messages = whole.slice(0, -1);
  const write = async (sequence, asked, form) =>
    readLabels(await llama.write(sequence, asked, MAX_ANSWER_TOKENS), labels, form);
  rows.push({
    kind,
    expect,
    prompt: messages[1].content,
    base: await write(base, messages),
    adapted: await write(adapted, messages, made.form),
    instructed: await write(base, instructed(messages), made.form),
  });
  if ((index + 1) % 30 === 0) console.log(`${index + 1} of ${heldOut.length} chats`);
}
await writeFile(join(work, "scored.json"), JSON.stringify(rows, null, 2));

function score(metric, key, of, holds) {
  const counted = rows.map((row) => ({ ...row, text: row[key] })).filter(of);
  const value = counted.filter(holds).length / counted.length;
  return { metric, value: Math.round(value * 1000) / 1000, examples: counted.length };
}
const of = checks.of ?? (() => true);
const scores = [
  ...checks.metrics.map(([metric, which, holds]) => score(metric, "adapted", which, holds)),
  score("base told and shown three examples: behaves so", "instructed", of, checks.behaves),
  score("base alone: behaves so", "base", of, checks.behaves),
];
console.table(scores);
const scored = (metric) => scores.find((each) => each.metric === metric).value;
const lead = scored(checks.headline) - scored("base told and shown three examples: behaves so");
console.log(`ahead of the prompted base by ${(100 * lead).toFixed(1)} points (wanted: ${100 * MARGIN})`);

// 3. A manifest whose hashes and base facts are those that the loader computes; into the package when told to.
const { addAdapterManifest } = await importAdapters();
const manifest = (adapter) =>
  addAdapterManifest({
    adapter,
    base: made.basePath,
    name: made.name,
    description: made.description,
    form: made.form,
    dataset: {
      ...made.dataset,
      license:
        "Made from documentation under permissive or Creative Commons licences, see the README of @advisor/nano",
    },
    heldOut: scores,
    replace: true,
  });
await manifest(adapterPath);
if (values.install) {
  const folder = join(packageFolder, "models/adapters");
  const installed = join(folder, `${made.name}.gguf`);
  const headline = { [checks.headline]: scored(checks.headline) };
  const shipped = await readJson(join(folder, `${made.name}.manifest.json`)).catch(() => undefined);
  const before = shipped?.heldOut.find(({ metric }) => metric === checks.headline);
  guardInstall({
    name: made.name,
    shipped: before && { [before.metric]: before.value },
    rebuilt: headline,
    force: values.force,
  });
  await mkdir(folder, { recursive: true });
  await copyFile(adapterPath, `${installed}.new`);
  await rename(`${installed}.new`, installed);
  await manifest(installed);
  console.log(`installed ${installed} and its manifest`);
}
await llama.dispose();
