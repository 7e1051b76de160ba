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

/** Lead of one token over the next, in logits, that rounding may turn anywhere. */
const MAX_TIE = 0.5;
/** Share of chats that must go the same way: the wired heads' scores are large, and a 16-bit cache turns a few. */
const MIN_SAME = 0.9;
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
if (!made.exactBase) throw new Error(`${work} is of an older recipe: train again`);
const [training, heldOut] = [await read("train.jsonl"), await read("held-out.jsonl")];
const adapterPath = join(work, `${made.name}.gguf`);
const checks = checksFor(made.name, made.form);

const llama = await openModel(made.basePath);
const base = await llama.open();
const adapted = await llama.open({ adapters: [{ filePath: adapterPath, scale: 1 }] });
const off = await llama.open({ adapters: [{ filePath: adapterPath, scale: 0 }] });

// 1. PyTorch and llama.cpp write the same tokens, or part where two are all but equally likely; scale 0 gives the base back.
// Compared on the base in 16 bits: for a Q8_0 base llama.cpp rounds activations to 8 bits, and that is no wrong adapter; how
// often the rounding shows is printed, no more.
const agreement = await readJson(join(work, "agreement.json"));

async function compare(sequences) {
  const agreeing = { base: 0, adapted: 0 };
  const leads = [];
  for (const { prompt, ...expected } of agreement) {
    for (const key of ["base", "adapted"]) {
      const tokens = await llama.greedy(sequences[key], prompt);
      const parted = expected[key].tokens.findIndex((token, index) => token !== tokens[index]);
      const lead = parted < 0 ? 0 : expected[key].margins[parted];
      if (lead <= MAX_TIE) agreeing[key] += 1;
      else leads.push(lead);
    }
  }
  return { agreeing, leads };
}

for (const { prompt } of agreement) {
  const [plain, without] = [await llama.greedy(base, prompt), await llama.greedy(off, prompt)];
  if (plain.join() !== without.join()) throw new Error("scale 0 does not give the base back");
}
const exactly = await openModel(join(work, made.exactBase));
const { agreeing, leads } = await compare({
  base: await exactly.open(),
  adapted: await exactly.open({ adapters: [{ filePath: adapterPath, scale: 1 }] }),
});
await exactly.dispose();
const rounded = await compare({ base, adapted });
console.log(
  `PyTorch and llama.cpp go the same way, of ${agreement.length} chats, on a 16-bit base:`,
  agreeing,
  "; on the base that ships:",
  rounded.agreeing,
);
if (Math.min(...Object.values(agreeing)) < MIN_SAME * agreement.length)
  throw new Error(
    `PyTorch and llama.cpp do not compute the same adapter: they part by leads of ${leads} logits`,
  );

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
const lead = scored(checks.headlines[0]) - scored("base told and shown three examples: behaves so");
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
  const headline = Object.fromEntries(checks.headlines.map((metric) => [metric, scored(metric)]));
  const shipped = await readJson(join(folder, `${made.name}.manifest.json`)).catch(() => undefined);
  const before = shipped?.heldOut.filter(({ metric }) => checks.headlines.includes(metric));
  guardInstall({
    name: made.name,
    shipped: before && Object.fromEntries(before.map(({ metric, value }) => [metric, value])),
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
