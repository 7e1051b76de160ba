import { BadInputError, type DocumentVersion, type PurgeReport } from "@advisor/contracts";
import { absentModel } from "../absent-parts.ts";
import { createLineSource } from "../chat/line-source.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { principalOf, type StoreFlags } from "../flags.ts";
import { counted, duration } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { EXIT_FAILURE, EXIT_OK } from "../report-error.ts";
import { requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface PurgeFlags extends StoreFlags {
  readonly source?: string;
  readonly yes?: boolean;
}

/** `advisor purge PAGE…`: exit code 1 when a page was not found, or nobody said yes. */
export async function purge(
  context: CommandContext,
  pages: readonly string[],
  flags: PurgeFlags,
): CommandResult {
  const { host, signal, terminal } = context;
  const principal = principalOf({ ...flags, role: [] });
  if (!flags.yes && (flags.json || !host.stdin.isTTY || !terminal.live)) throw mustSayYes();
  requireStore(context, flags);
  const references = pages.map((uri) => ({
    uri,
    ...(flags.source !== undefined && { source: flags.source }),
  }));
  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Opening the store");
  try {
    const settings = { ...settingsOf(context, flags, progress.show), model: absentModel() };
    return await withAdvisor(context, settings, async (advisor) => {
      if (!flags.yes) {
        const found: DocumentVersion[] = [];
        for (const reference of references) found.push(...(await advisor.versions(reference, { principal })));
        progress.pause();
        if (found.length > 0 && !(await confirmed(context, found))) {
          await terminal.line("Nothing was erased.");
          return EXIT_FAILURE;
        }
      }
      progress.say("Erasing");
      const report = await advisor.purge(references, { principal, signal });
      progress.end();
      if (flags.json) await terminal.line(JSON.stringify(report));
      else await writeReport(context, report);
      return report.skipped.length > 0 ? EXIT_FAILURE : EXIT_OK;
    });
  } finally {
    progress.end();
  }
}

/** Asks at the keyboard. Anything but yes is no. */
async function confirmed(context: CommandContext, found: readonly DocumentVersion[]): Promise<boolean> {
  const pages = new Map<string, { uri: string; source: string; versions: number }>();
  for (const { documentId, uri, source } of found) {
    pages.set(documentId, { uri, source, versions: (pages.get(documentId)?.versions ?? 0) + 1 });
  }
  for (const page of pages.values()) await context.terminal.line(pageLine(page));
  const lines = createLineSource(context.host);
  try {
    const answer = await lines.next(`Erase ${pages.size === 1 ? "it" : "them"} from every version? [y/N] `);
    return answer.type === "line" && /^y(?:es)?$/i.test(answer.text.trim());
  } finally {
    lines.close();
  }
}

async function writeReport({ terminal }: CommandContext, report: PurgeReport): Promise<void> {
  for (const page of report.purged) await terminal.line(pageLine(page));
  for (const { uri, reason } of report.skipped) {
    await terminal.line(`${printableLine(uri)}: ${printableLine(reason)}`);
  }
  const summary = `${counted(report.purged.length, "page")} erased in ${duration(report.elapsedMs)}`;
  await terminal.line(terminal.style("bold", summary));
  if (report.purged.length === 0) return;
  const note = "A page whose file is still in its folder comes back with the next sync.";
  await terminal.line(terminal.style("dim", note));
}

function pageLine({ uri, source, versions }: { uri: string; source: string; versions: number }): string {
  return `${printableLine(uri)}, ${counted(versions, "version")}, of ${printableLine(source)}`;
}

function mustSayYes(): BadInputError {
  return new BadInputError({
    code: "invalid_request",
    subject: "advisor purge",
    reason: "it cannot be undone, and nobody is at the keyboard to say yes",
    nextStep: "Add --yes if it is meant",
  });
}
