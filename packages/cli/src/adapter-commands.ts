import type { Command } from "commander";
import { modelOptions, outputOptions } from "./command-options.ts";
import type { CommandContext, CommandResult } from "./context.ts";

const ADD_NOTES = `
Without its manifest an adapter is not loaded: it says which base the adapter
was made for. docs/cli.md shows what a form file holds.`;

/** `advisor adapters list | show | add`. */
export function addAdapterCommands(
  program: Command,
  context: CommandContext,
  done: (result: CommandResult) => Promise<void>,
): void {
  const load = () => import("./commands/adapters.ts");
  const adapters = program
    .command("adapters")
    .description("list, show and add LoRA adapters")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);

  const list = adapters
    .command("list", { isDefault: true })
    .description("the adapters that load on the model, and their state (the default)")
    .helpOption("-h, --help", "print this help");
  modelOptions(outputOptions(list)).action((flags) =>
    done(load().then(({ listAdapters }) => listAdapters(context, flags))),
  );

  const show = adapters
    .command("show")
    .description("everything the manifest of one adapter says")
    .argument("<name>", "its name")
    .helpOption("-h, --help", "print this help");
  modelOptions(outputOptions(show)).action((name, flags) =>
    done(load().then(({ showAdapter }) => showAdapter(context, name, flags))),
  );

  const add = adapters
    .command("add")
    .description("check a LoRA GGUF against its base and write its manifest beside it")
    .argument("<file>", "the adapter's GGUF")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", ADD_NOTES);
  outputOptions(add)
    .requiredOption("--base <file>", "nano, or the GGUF of the base model that it steers")
    .option("--name <name>", "its name (default: the file's)")
    .option("--description <text>", "what it is for")
    .option(
      "--review-by <date>",
      "day from which it loads with a warning, as 2027-01-31 (default: in a year)",
    )
    .option("--form <file>", "JSON file that says which form it writes (default: free)")
    .option("--replace", "write over a manifest that is there already")
    .action((file, flags) => done(load().then(({ addAdapter }) => addAdapter(context, file, flags))));
}
