import { resolve } from "node:path";
import { BadInputError, type ChangeReport, DEFAULT_TENANT } from "@advisor/contracts";
import type { CommandContext, CommandResult } from "../context.ts";
import { parseKeepVersions, type StoreFlags } from "../flags.ts";
import { counted, duration } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { writeWarnings } from "../output/warnings.ts";
import { padEnd, widthOf } from "../output/width.ts";
import { indent, wrap } from "../output/wrap.ts";
import { storeLocation } from "../store-flag.ts";
import { settingsOf, withAdvisor } from "../with-advisor.ts";

/** Flags of the commands that read folders. */
export interface FolderFlags extends StoreFlags {
  readonly defaultRole: readonly string[];
  readonly source?: string;
  readonly keepVersions?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly verbose?: boolean;
}

export interface SyncFlags extends FolderFlags {
  readonly rehash?: boolean;
}

/** Uris of one kind that are listed; the rest is counted. `--verbose` lists all. */
const LISTED = 20;

/** `advisor sync FOLDER…`. */
export async function sync(
  context: CommandContext,
  folders: readonly string[],
  flags: SyncFlags,
): CommandResult {
  requireOneSource(folders, flags);
  const keep = keepOf(flags);
  const progress = createProgressLine(context.host, { json: flags.json === true });
  progress.say("Opening the store");
  try {
    const settings = { ...settingsOf(context, flags, progress.show), ...keep };
    await withAdvisor(context, settings, async (advisor) => {
      for (const [index, folder] of folders.entries()) {
        const report = await advisor.sync(resolve(context.host.cwd, folder), {
          ...folderOptions(flags),
          ...(flags.rehash && { rehash: true }),
          signal: context.signal,
          onProgress: progress.show,
        });
        progress.pause();
        if (index > 0 && !flags.json) await context.terminal.line("");
        await writeReport(context, folder, report, flags);
      }
    });
  } finally {
    progress.end();
  }
}

/** The setting that `--keep-versions` names, if it does. */
export function keepOf({ keepVersions }: FolderFlags) {
  return keepVersions === undefined ? {} : { keepVersions: parseKeepVersions(keepVersions) };
}

/** What the flags say of a folder, for `sync` and `watch` alike. */
export function folderOptions(flags: FolderFlags) {
  return {
    ...(flags.tenant !== undefined && { tenant: flags.tenant }),
    ...(flags.defaultRole.length > 0 && { defaultRoles: [...flags.defaultRole] }),
    ...(flags.source !== undefined && { source: flags.source }),
    ...(flags.include.length > 0 && { include: flags.include }),
    ...(flags.exclude.length > 0 && { exclude: flags.exclude }),
  };
}

/** @throws BadInputError `invalid_request`: under one name, each folder would take the pages of the others away. */
export function requireOneSource(folders: readonly string[], flags: FolderFlags): void {
  if (flags.source === undefined || folders.length === 1) return;
  throw new BadInputError({
    code: "invalid_request",
    subject: `--source ${flags.source}`,
    reason: `it names the pages of one folder, and ${folders.length} are given`,
    nextStep: "Leave it out, or run the command once for each folder",
  });
}

/** One folder's report, as text or as a line of JSON. */
export async function writeReport(
  context: CommandContext,
  folder: string,
  report: ChangeReport,
  flags: FolderFlags,
): Promise<void> {
  const { terminal } = context;
  if (flags.json) {
    const tenant = flags.tenant ?? DEFAULT_TENANT;
    await terminal.line(JSON.stringify({ folder, store: storeLocation(context, flags), tenant, ...report }));
    return;
  }

  const heading = `Synced ${printableLine(folder)} into ${printableLine(flags.store)} in ${duration(report.elapsedMs)}`;
  await terminal.line(terminal.style("bold", heading));
  const counts: [string, number][] = [
    ["added", report.added.length],
    ["changed", report.changed.length],
    ["removed", report.removed.length],
    ["unchanged", report.unchanged],
    ["skipped", report.skipped.length],
  ];
  const width = Math.max(...counts.map(([, count]) => count.toLocaleString("en").length), 3);
  for (const [name, count] of counts) {
    const line = `  ${name.padEnd(10)} ${count.toLocaleString("en").padStart(width)}`;
    await terminal.line(count === 0 ? terminal.style("dim", line) : line);
  }
  await terminal.line(terminal.style("dim", `  ${counted(report.chunks, "chunk")} written`));
  if (flags.verbose) {
    await list(context, "Added", report.added);
    await list(context, "Changed", report.changed);
    await list(context, "Removed", report.removed);
  }
  await listSkipped(context, report, flags.verbose === true);
  await writeWarnings(terminal, report.warnings);
}

async function list({ terminal }: CommandContext, name: string, uris: readonly string[]): Promise<void> {
  if (uris.length === 0) return;
  await terminal.line(`\n${terminal.style("bold", name)}`);
  for (const uri of uris) await terminal.line(`  ${printableLine(uri)}`);
}

async function listSkipped({ terminal }: CommandContext, report: ChangeReport, all: boolean): Promise<void> {
  if (report.skipped.length === 0) return;
  await terminal.line(`\n${terminal.style("bold", "Skipped")}`);
  const shown = all ? report.skipped : report.skipped.slice(0, LISTED);
  const names = shown.map(({ uri }) => printableLine(uri));
  const width = Math.min(30, Math.max(...names.map(widthOf)));
  for (const [index, { reason }] of shown.entries()) {
    const margin = " ".repeat(width + 4);
    const lines = wrap(printableLine(reason), Math.max(30, terminal.width - margin.length));
    const name = names[index] as string;
    if (widthOf(name) > width) {
      await terminal.line(`  ${name}`);
      await terminal.line(indent(lines, margin));
    } else {
      await terminal.line(indent(lines, margin, `  ${padEnd(name, width)}  `));
    }
  }
  const rest = report.skipped.length - shown.length;
  if (rest > 0) await terminal.line(`  and ${counted(rest, "more file")}; --verbose lists them all`);
}
