import { readFileSync } from "node:fs";
import type { CommanderError } from "commander";
import type { CommandContext } from "./context.ts";
import type { Host, Interruption } from "./host.ts";
import { createTerminal } from "./output/terminal.ts";
import { createProgram } from "./program.ts";
import {
  describeError,
  type ErrorReport,
  EXIT_OK,
  EXIT_WRONG_USE,
  exitCodeOf,
  writeError,
} from "./report-error.ts";

/**
 * Runs one `advisor` command and returns its exit code: 0 done, 1 failed, 2 wrong use, 128 + the signal's number when
 * interrupted. It never throws and never ends the process.
 */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  const json = wantsJson(argv);
  const controller = new AbortController();
  const takeovers: (() => void)[] = [];
  let interruption: Interruption | undefined;
  let exitCode = EXIT_OK;

  const stopListening = host.onInterrupt((kind) => {
    const takeover = kind === "SIGINT" ? takeovers.at(-1) : undefined;
    if (takeover) return takeover();
    interruption = kind;
    controller.abort();
  });
  const context: CommandContext = {
    host,
    terminal: createTerminal(host),
    signal: controller.signal,
    onInterrupt(listener) {
      takeovers.push(listener);
      return () => takeovers.splice(takeovers.indexOf(listener), 1);
    },
  };
  const program = createProgram(context, versionOfThis(), (code) => {
    exitCode = code;
  });

  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: "user" });
    return interruption ? exitCodeOf(interruption) : exitCode;
  } catch (error) {
    if (isCommanderError(error)) return reportUsage(host, error, json);
    if (interruption) {
      writeError(host, interrupted(argv[0]), json);
      return exitCodeOf(interruption);
    }
    const report = await describeError(error);
    writeError(host, report, json, error);
    return report.exitCode;
  } finally {
    stopListening();
  }
}

function interrupted(command: string | undefined): ErrorReport {
  const nextStep =
    command === "sync" || command === "reembed"
      ? "What was stored stays stored; run the same command again to finish"
      : "Run the same command again to start over";
  return {
    code: "cancelled",
    message: `advisor ${command}: interrupted. ${nextStep}.`,
    subject: `advisor ${command}`,
    reason: "interrupted",
    nextStep,
  };
}

/** Wanted by the first `--json` that is not part of a question. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function reportUsage(host: Host, error: CommanderError, json: boolean): number {
  // Help and version were asked for, and are printed.
  if (error.exitCode === EXIT_OK) return EXIT_OK;
  const lines = error.message
    .replace(/^error: /, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "(outputHelp)");
  const reason = lines.join(" ").replace(/\.$/, "") || "a command is missing";
  const isFlag = error.code === "commander.unknownOption";
  const nextStep = `Run \`advisor --help\`, or --help after a command${isFlag ? "; text that begins with a hyphen goes behind --" : ""}`;
  writeError(
    host,
    { code: "usage", message: `${reason}. ${nextStep}.`, subject: "advisor", reason, nextStep },
    json,
  );
  return EXIT_WRONG_USE;
}

function versionOfThis(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return String(manifest.version);
}
