import { resolve } from "node:path";
import type { ChangeReport, FolderWatch, WatchEvent } from "@advisor/contracts";
import type { CommandContext, CommandResult } from "../context.ts";
import { parseNumber } from "../flags.ts";
import { counted } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { describeError } from "../report-error.ts";
import { settingsOf, withAdvisor } from "../with-advisor.ts";
import { type FolderFlags, folderOptions, keepOf, requireOneSource, writeReport } from "./sync.ts";

export interface WatchFlags extends FolderFlags {
  readonly poll?: string;
}

/** Uris named in the line of a change; the rest is counted. */
const NAMED = 3;

/** `advisor watch FOLDER…`: ends when it is interrupted. */
export async function watch(
  context: CommandContext,
  folders: readonly string[],
  flags: WatchFlags,
): CommandResult {
  requireOneSource(folders, flags);
  const pollMs =
    flags.poll === undefined
      ? undefined
      : parseNumber("--poll", flags.poll, { min: 0.1, max: 86_400, whole: false }) * 1000;
  const keep = keepOf(flags);
  const progress = createProgressLine(context.host, { json: flags.json === true });
  progress.say("Opening the store");
  // One line after the other, whoever has something to say first.
  let watching = false;
  let written = Promise.resolve();
  const write = (work: () => Promise<void>) => {
    written = written.then(work);
    written.catch(() => {});
  };
  try {
    await withAdvisor(context, { ...settingsOf(context, flags, progress.show), ...keep }, async (advisor) => {
      const watches: FolderWatch[] = [];
      for (const folder of folders) {
        const opened = await advisor.watch(resolve(context.host.cwd, folder), {
          ...folderOptions(flags),
          ...(pollMs !== undefined && { pollMs }),
          signal: context.signal,
          onProgress: (step) => watching || progress.show(step),
          onEvent: (event) =>
            write(() => {
              progress.pause();
              return writeEvent(context, folder, event, flags);
            }),
        });
        watches.push(opened);
      }
      watching = true;
      write(async () => {
        progress.end();
        if (flags.json) return;
        const { terminal } = context;
        const names = folders.map(printableLine).join(", ");
        await terminal.line(terminal.style("dim", `Watching ${names}. Ctrl-C ends it.`));
      });
      await Promise.all(watches.map(({ closed }) => closed));
    });
    await written;
  } finally {
    progress.end();
  }
}

async function writeEvent(
  context: CommandContext,
  folder: string,
  event: WatchEvent,
  flags: WatchFlags,
): Promise<void> {
  const { terminal } = context;
  if (flags.json) {
    const { code, message, subject, reason, nextStep } =
      event.type === "failed" ? await describeError(event.error) : ({} as Record<string, undefined>);
    const told =
      event.type === "failed" ? { ...event, error: { code, message, subject, reason, nextStep } } : event;
    await terminal.line(JSON.stringify({ folder, ...told }));
    return;
  }
  if (event.type === "synced" && event.whole) {
    await writeReport(context, folder, event.report, flags);
    return;
  }
  const time = new Date().toTimeString().slice(0, 8);
  const line = (style: "red" | "yellow" | undefined, text: string) =>
    terminal.line(`${terminal.style("dim", time)}  ${style ? terminal.style(style, text) : text}`);
  if (event.type === "warning") await line("yellow", printableLine(event.warning.message));
  else if (event.type === "failed") {
    const { message } = await describeError(event.error);
    await line("red", `${printableLine(message)} Trying again in ${Math.ceil(event.retryInMs / 1000)} s.`);
  } else {
    for (const text of linesOf(event.report, flags.verbose === true)) await line(undefined, text);
    for (const { uri, reason } of event.report.skipped)
      await line("yellow", `skipped ${printableLine(uri)}: ${printableLine(reason)}`);
    for (const { message } of event.report.warnings) await line("yellow", printableLine(message));
  }
}

function linesOf(report: ChangeReport, all: boolean): string[] {
  return (["added", "changed", "removed"] as const).flatMap((kind) => {
    const uris = report[kind];
    if (uris.length === 0) return [];
    const named = (all ? uris : uris.slice(0, NAMED)).map(printableLine).join(", ");
    const rest = all ? 0 : uris.length - NAMED;
    return [`${kind} ${named}${rest > 0 ? ` and ${counted(rest, "more page")}` : ""}`];
  });
}
