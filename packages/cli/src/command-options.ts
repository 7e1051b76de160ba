import type { Command } from "commander";
import { collect, collectRoles, DEFAULT_STORE, EMBEDDED } from "./flag-values.ts";

/** Adds options to a command and returns it. */
export type Options = (command: Command) => Command;

export const storeOptions: Options = (command) =>
  command
    .optionsGroup("Store:")
    .option(
      "--store <folder>",
      "folder of the knowledge store, or a JSON file with its settings (default: .advisor)",
      DEFAULT_STORE,
    )
    .option(
      "--embedder <path>",
      "folder of a transformers.js model, a GGUF, or a JSON file with an embedder's settings (default: nano)",
      EMBEDDED,
    );

export const outputOptions: Options = (command) =>
  command.optionsGroup("Options:").option("--json", "print one JSON object, and errors as JSON");

export const tenantOption: Options = (command) =>
  command.optionsGroup("Who asks:").option("--tenant <name>", "whose pages they are (default: default)");

export const principalOptions: Options = (command) =>
  tenantOption(command).option(
    "--role <role>",
    "act as someone who holds this role (repeat or list with commas; default: administrator of the tenant)",
    collectRoles,
    [],
  );

export const timeOption: Options = (command) =>
  command
    .optionsGroup("Options:")
    .option(
      "--as-of <time>",
      "read the pages as they stood then: 2026-03-01 (0:00 UTC), 2026-03-01T09:00:00Z",
    );

export const filterOptions: Options = (command) =>
  command
    .optionsGroup("Which pages:")
    .option(
      "--where <condition>",
      "metadata of the pages: product=Tarn, year>=2025, reviewBy<2027-01-01, draft, !draft (repeatable: all must hold)",
      collect,
      [],
    )
    .option("--under <path>", "only pages whose path begins so");

export const rerankOptions: Options = (command) =>
  command
    .optionsGroup("Ranking:")
    .option(
      "--reranker <path>",
      "folder of a cross-encoder that reads the first passages again, or a JSON file with its settings (default: none)",
    )
    .option("--rerank-depth <n>", "how many passages it reads (default: 30)");

export const passageOptions: Options = (command) =>
  command
    .optionsGroup("Passages:")
    .option("--neighbours <n>", "widen each passage by so many before and after it (default: 0)")
    .option("--timings", "show how long each step of the search took");

export const batchOptions: Options = (command) =>
  command
    .optionsGroup("Many questions at once:")
    .option(
      "--batch <file>",
      'one {"id","question"} a line in (- for standard input), one JSON result a line out',
    )
    .option("--concurrency <n>", "how many are worked on at once (default: 1)");

export const answerOptions: Options = (command) =>
  command
    .optionsGroup("Answer:")
    .option("--mode <arm>", "base, retrieval, adapter or hybrid (default: retrieval; with --adapter hybrid)")
    .option("--adapter <name>", "adapter that steers the answer; `advisor adapters` lists them")
    .option("--adapter-scale <factor>", "how strongly (default: 1)")
    .option(
      "--grounding <kind>",
      "cited: marks are checked; quoted: only sentences of the sources (default: the model's)",
    )
    .option("--top-k <n>", "passages to retrieve (default: 4)")
    .option("--max-tokens <n>", "longest answer (default: 256)")
    .option("--temperature <t>", "0 gives the same answer each time (default: 0)")
    .option("--seed <n>", "same seed, same answer, above temperature 0")
    .option("--prompt", "show the prompt as sent");

export const modelOptions: Options = (command) =>
  command
    .optionsGroup("Model:")
    .option("--model <file>", "a chat model as GGUF (default: nano)", EMBEDDED)
    .option("--adapters <file>", "a LoRA GGUF with its manifest beside it (repeatable)", collect, [])
    .option("--no-gpu", "use the CPU alone");
