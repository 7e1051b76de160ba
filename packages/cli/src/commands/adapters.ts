import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type AdapterForm,
  adapterFormSchema,
  BadInputError,
  type LoadedAdapter,
  parseInput,
} from "@advisor/contracts";
import type { AdvisorStatus } from "@advisor/core";
import { absentStore } from "../absent-parts.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { EMBEDDED } from "../flag-values.ts";
import type { ModelFlags } from "../flags.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { table } from "../output/table.ts";
import { indent, wrap } from "../output/wrap.ts";
import { settingsOf, withAdvisor } from "../with-advisor.ts";

export interface AdaptersFlags extends ModelFlags {
  readonly json?: boolean;
}

export interface AddFlags {
  readonly json?: boolean;
  readonly base: string;
  readonly name?: string;
  readonly description?: string;
  readonly reviewBy?: string;
  readonly form?: string;
  readonly replace?: boolean;
}

/** `advisor adapters [list]`. */
export async function listAdapters(context: CommandContext, flags: AdaptersFlags): CommandResult {
  const { terminal } = context;
  const { model, adapters, defaults } = await loadAdapters(context, flags);
  const byDefault = defaults.adapter;
  if (flags.json) {
    await terminal.line(
      JSON.stringify({ model: model.name, default: byDefault ?? null, adapters: adapters.map(plain) }),
    );
    return;
  }
  if (adapters.length === 0) {
    await terminal.line(`No adapters for ${printableLine(model.name)}. Name one with --adapters FILE.`);
    return;
  }
  const header = ["NAME", "RANK", "FORM", "REVIEW BY", "STATE"];
  const rows = adapters.map(({ name, manifest, warnings }) => [
    name === byDefault ? `${printableLine(name)} (default)` : printableLine(name),
    String(manifest.rank),
    manifest.form.type,
    manifest.reviewBy,
    warnings.length === 0 ? "ok" : warnings.map(({ code }) => code).join(", "),
  ]);
  const [head = "", ...lines] = table([header, ...rows], terminal.width);
  await terminal.line(terminal.style("dim", head));
  for (const [index, line] of lines.entries()) {
    await terminal.line(line);
    const description = adapters[index]?.manifest.description;
    if (description) {
      const wrapped = wrap(printableLine(description), terminal.width - 2);
      await terminal.line(terminal.style("dim", indent(wrapped, "  ")));
    }
  }
}

/** `advisor adapters show NAME`. */
export async function showAdapter(
  context: CommandContext,
  name: string,
  flags: AdaptersFlags,
): CommandResult {
  const { terminal } = context;
  const { adapters } = await loadAdapters(context, flags);
  const found = adapters.find((adapter) => adapter.name === name);
  if (!found) {
    const names = adapters.map((adapter) => adapter.name).join(", ");
    throw new BadInputError({
      code: "unknown_adapter",
      subject: `adapter ${name}`,
      reason: "it is not loaded",
      nextStep: names
        ? `Use one of ${names}, or name its GGUF with --adapters`
        : "Name its GGUF with --adapters",
    });
  }
  if (flags.json) {
    await terminal.line(JSON.stringify(plain(found)));
    return;
  }
  const { manifest, warnings } = found;
  const { base, form, dataset, testedOn, heldOut } = manifest;
  await terminal.line(terminal.style("bold", printableLine(manifest.name)));
  const facts: [string, string][] = [
    ["description", manifest.description || "none"],
    ["writes", form.type === "wrapped" ? wrappedWords(form) : form.type],
    ["rank", `${manifest.rank}, alpha ${manifest.alpha}`],
    [
      "base",
      `${base.architecture}, ${base.blockCount} layers of ${base.embeddingLength}, vocabulary ${base.vocabularySize}`,
    ],
    ["tested on", testedOn.map((each) => `${each.name} ${each.quantization}`).join(", ") || "nothing"],
    [
      "scores",
      heldOut.map((each) => `${each.metric} ${each.value} on ${each.examples}`).join(", ") || "none",
    ],
    [
      "data",
      dataset ? `${dataset.examples} examples, ${dataset.license ?? "no licence named"}` : "not named",
    ],
    ["created", `${manifest.created}, review by ${manifest.reviewBy}`],
    ["sha256", manifest.sha256],
    ["state", warnings.length === 0 ? "ok" : warnings.map(({ message }) => message).join("; ")],
  ];
  const margin = " ".repeat(15);
  for (const [key, text] of facts) {
    const lines = wrap(printableLine(text), terminal.width - margin.length);
    await terminal.line(indent(lines, margin, `  ${terminal.style("dim", key.padEnd(11))}  `));
  }
}

/** `advisor adapters add FILE --base MODEL`. */
export async function addAdapter(context: CommandContext, file: string, flags: AddFlags): CommandResult {
  const { host, terminal } = context;
  const { addAdapterManifest } = await host.core();
  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Checking the adapter against its base");
  let added: Awaited<ReturnType<typeof addAdapterManifest>>;
  try {
    added = await addAdapterManifest({
      file: resolve(host.cwd, file),
      base: flags.base === EMBEDDED ? EMBEDDED : resolve(host.cwd, flags.base),
      ...(flags.name !== undefined && { name: flags.name }),
      ...(flags.description !== undefined && { description: flags.description }),
      ...(flags.reviewBy !== undefined && { reviewBy: flags.reviewBy }),
      ...(flags.form !== undefined &&
        flags.form !== "free" && { form: await readForm(host.cwd, flags.form) }),
      ...(flags.replace && { replace: true }),
    });
  } finally {
    progress.end();
  }
  if (flags.json) {
    await terminal.line(JSON.stringify(added));
    return;
  }
  const { manifest, path } = added;
  await terminal.line(`Wrote ${printableLine(path)}`);
  await terminal.line(
    terminal.style(
      "dim",
      `${printableLine(manifest.name)}, rank ${manifest.rank}, for ${manifest.base.architecture}. Use it with --adapters ${printableLine(file)} --adapter ${printableLine(manifest.name)}`,
    ),
  );
}

async function loadAdapters(context: CommandContext, flags: AdaptersFlags): Promise<AdvisorStatus> {
  const progress = createProgressLine(context.host, { json: flags.json === true });
  progress.say("Loading the model and its adapters");
  const settings = settingsOf(context, { ...flags, store: "", embedder: EMBEDDED }, progress.show);
  try {
    // Adapters belong to the model: no store is opened, and none is made.
    return await withAdvisor(context, { ...settings, store: absentStore("") }, (advisor) => advisor.status());
  } finally {
    progress.end();
  }
}

const plain = ({ name, manifest, warnings }: LoadedAdapter) => ({ name, manifest, warnings });

function wrappedWords({
  opening,
  closing,
}: {
  readonly opening: readonly string[];
  readonly closing: readonly string[];
}) {
  const some = (list: readonly string[]) =>
    list.length > 1 ? `“${list[0]}” or ${list.length - 1} more` : `“${list[0]}”`;
  return `${some(opening)}, the evidence, ${some(closing)}`;
}

/** A form file is small; a wrong path to a model should not be read into memory. */
const MAX_FORM_BYTES = 1024 * 1024;

async function readForm(cwd: string, file: string): Promise<AdapterForm> {
  const wrong = (reason: string, cause?: unknown) =>
    new BadInputError({
      code: "invalid_request",
      subject: `--form ${file}`,
      reason,
      nextStep: "Write free, or name a JSON file with the form; docs/cli.md shows one",
      cause,
    });
  let text: string;
  try {
    const bytes = await readFile(resolve(cwd, file));
    if (bytes.length > MAX_FORM_BYTES) throw wrong("is larger than 1 MiB");
    text = bytes.toString("utf8");
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    throw wrong("cannot be read", error);
  }
  let form: unknown;
  try {
    form = JSON.parse(text);
  } catch (error) {
    throw wrong("is not JSON", error);
  }
  return parseInput(adapterFormSchema, form, `--form ${file}`);
}
