import { Command } from "commander";
import { addAdapterCommands } from "./adapter-commands.ts";
import {
  answerOptions,
  batchOptions,
  filterOptions,
  modelOptions,
  type Options,
  outputOptions,
  passageOptions,
  principalOptions,
  rerankOptions,
  storeOptions,
  tenantOption,
  timeOption,
} from "./command-options.ts";
import type { CommandContext, CommandResult } from "./context.ts";
import { collect, collectRoles } from "./flag-values.ts";
import { addTenantCommands } from "./tenant-commands.ts";

const EXAMPLES = `
Examples:
  advisor sync docs
  advisor watch docs --exclude drafts
  advisor ask "How many days of leave do I get?"
  advisor ask --role staff "Who approves a refund?"
  advisor search --top-k 10 "error E-4012"
  advisor ask --batch questions.jsonl > answers.jsonl

Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.
Everything runs on this machine and nothing is sent anywhere.`;

const CHECK_NOTES = `
A problem is wrong; a note is worth a look. It acts as administrator of the
tenant, changes nothing and fetches nothing. The exit code is 1 when there is a
problem, 0 when there are notes alone; --no-fail makes it 0.`;

const SYNC_NOTES = `
It may be interrupted at any time and run again. A page says who may read it in
its front matter (roles: [staff, hr]); one that names no role is for
administrators alone, or for --default-role. A glob without a slash names files
and folders at every depth (--exclude drafts), one with a slash a path from the
folder (--include 'guides/**/*.md'). Several folders are several sources.`;

const WATCH_NOTES = `
It syncs the folders first, and then writes a line for each change until Ctrl-C.
Failures are written and tried again. Others may search and write meanwhile.`;

const PURGE_NOTES = `
It acts as administrator of the tenant, and rewrites the store so that no file
of it holds the pages any more. A page whose file is still in its folder comes
back with the next sync.`;

const REEMBED_NOTES = `
The store is searched and written with the old embedder until all new vectors
are made; then it is switched at once, and every command names the new one with
--embedder. It may be interrupted at any time and run again. Until the switch
it needs room on the disk for a second set of vectors.`;

/**
 * The command line. Each command's code is loaded when it runs, so that help and usage errors need neither the
 * database nor the model.
 */
export function createProgram(
  context: CommandContext,
  version: string,
  finish: (code: number) => void,
): Command {
  const done = async (result: CommandResult) => finish((await result) ?? 0);
  const { stdout, stderr } = context.host;
  const program = new Command("advisor")
    .description("Ask your own documents, on your own machine.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", EXAMPLES)
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // Errors are written in one place, as text or as JSON: see run.ts.
      outputError: () => {},
      getOutHelpWidth: () => context.terminal.width,
      getOutHasColors: () => false,
    })
    // Descriptions name their defaults themselves, in words.
    .configureHelp({ optionDescription: ({ description }) => description })
    .exitOverride();

  const command = (name: string, description: string, ...options: Options[]) => {
    const made = program.command(name).description(description).helpOption("-h, --help", "print this help");
    for (const add of [outputOptions, ...options]) add(made);
    return made;
  };

  const folders = (made: Command) =>
    made
      .argument("<folders...>", "the folders to read")
      .optionsGroup("Options:")
      .option(
        "--default-role <role>",
        "who may read pages that name no role (repeat or list with commas)",
        collectRoles,
        [],
      )
      .option("--source <name>", "what the pages belong to (default: the folder's path)")
      .option("--include <glob>", "read only these files and folders (repeatable)", collect, [])
      .option("--exclude <glob>", "leave these files and folders out (repeatable)", collect, [])
      .option("--verbose", "list every page that was added, changed, removed or skipped")
      .option(
        "--keep-versions <time>",
        "how long former versions are kept: none, forever, or such as 12h, 30d, 1y (default: as before; at first 30d)",
      );

  folders(
    command(
      "sync",
      "bring the store in step with folders of documents, tables and code",
      tenantOption,
      storeOptions,
    ),
  )
    .option("--rehash", "read every file, not only those whose size or times have changed")
    .addHelpText("after", SYNC_NOTES)
    .action((names, flags) =>
      done(import("./commands/sync.ts").then(({ sync }) => sync(context, names, flags))),
    );

  folders(
    command("watch", "keep the store in step with folders until interrupted", tenantOption, storeOptions),
  )
    .option("--poll <seconds>", "look that often, where the system tells of no changes (network drives)")
    .addHelpText("after", WATCH_NOTES)
    .action((names, flags) =>
      done(import("./commands/watch.ts").then(({ watch }) => watch(context, names, flags))),
    );

  command(
    "check",
    "find outdated, repeated, contradictory and broken pages",
    tenantOption,
    rerankOptions,
    storeOptions,
  )
    .optionsGroup("Options:")
    .option(
      "--questions <file>",
      'what people ask, one {"id","question"} a line (- for standard input): finds pages that no question reaches',
    )
    .option("--no-fail", "exit with 0 in spite of problems")
    .option("--verbose", "list every finding")
    .addHelpText("after", CHECK_NOTES)
    .action((flags) => done(import("./commands/check.ts").then(({ check }) => check(context, flags))));

  command(
    "search",
    "find passages, without a model",
    timeOption,
    principalOptions,
    filterOptions,
    passageOptions,
    rerankOptions,
    batchOptions,
    storeOptions,
  )
    .argument("[query...]", "what to look for")
    .optionsGroup("Options:")
    .option("--mode <legs>", "hybrid, vector or keyword (default: hybrid)")
    .option("--top-k <n>", "passages to find (default: 4)")
    .option("--full", "show passages whole")
    .action((words, flags) =>
      done(import("./commands/search.ts").then(({ search }) => search(context, words, flags))),
    );

  command(
    "ask",
    "answer a question, with checked citations",
    timeOption,
    answerOptions,
    principalOptions,
    filterOptions,
    passageOptions,
    rerankOptions,
    batchOptions,
    storeOptions,
    modelOptions,
  )
    .argument("[question...]", "the question")
    .action((words, flags) =>
      done(import("./commands/ask.ts").then(({ ask }) => ask(context, words, flags))),
    );

  command(
    "chat",
    "a conversation",
    timeOption,
    answerOptions,
    principalOptions,
    filterOptions,
    rerankOptions,
    storeOptions,
    modelOptions,
  )
    .addHelpText("after", "\nInside, /help lists what can be changed on the way.")
    .action((flags) => done(import("./commands/chat.ts").then(({ chat }) => chat(context, flags))));

  command(
    "facets",
    "count the pages there are, by source, role or metadata",
    timeOption,
    principalOptions,
    filterOptions,
    storeOptions,
  )
    .optionsGroup("Options:")
    .option(
      "--by <trait>",
      "source, role, or a key of the pages' metadata (repeatable; default: source, role)",
      collect,
      [],
    )
    .option("--limit <n>", "values to list of each, the commonest (default: 20)")
    .action((flags) => done(import("./commands/facets.ts").then(({ facets }) => facets(context, flags))));
  command("history", "list the stored versions of a page", principalOptions, storeOptions)
    .argument("<page>", "the page, as search and ask name it")
    .optionsGroup("Options:")
    .option("--source <name>", "of this source alone")
    .action((page, flags) =>
      done(import("./commands/history.ts").then(({ history }) => history(context, page, flags))),
    );

  command("purge", "erase pages from every version", tenantOption, storeOptions)
    .argument("<page...>", "the pages, as search and ask name them")
    .optionsGroup("Options:")
    .option("--source <name>", "of this source alone")
    .option("--yes", "do not ask")
    .addHelpText("after", PURGE_NOTES)
    .action((pages, flags) =>
      done(import("./commands/purge.ts").then(({ purge }) => purge(context, pages, flags))),
    );

  addAdapterCommands(program, context, done);
  addTenantCommands(program, context, done);

  command("reembed", "bring the store to another embedder, which --embedder names", storeOptions)
    .optionsGroup("Options:")
    .option("--no-gpu", "use the CPU alone")
    .addHelpText("after", REEMBED_NOTES)
    .action((flags) => done(import("./commands/reembed.ts").then(({ reembed }) => reembed(context, flags))));

  command(
    "doctor",
    "say what runs here, what was found and what is missing",
    principalOptions,
    rerankOptions,
    storeOptions,
    modelOptions,
  ).action((flags) => done(import("./commands/doctor.ts").then(({ doctor }) => doctor(context, flags))));

  return program;
}
