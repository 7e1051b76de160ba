import type { DocumentVersion } from "@advisor/contracts";
import { absentModel } from "../absent-parts.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { emptyTenantWarnings } from "../empty-tenant.ts";
import { type AskerFlags, principalOf } from "../flags.ts";
import { counted } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { table } from "../output/table.ts";
import { writeWarnings } from "../output/warnings.ts";
import { requireKnownRoles, requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface HistoryFlags extends AskerFlags {
  readonly source?: string;
}

/** `advisor history PAGE`. */
export async function history(context: CommandContext, page: string, flags: HistoryFlags): CommandResult {
  const { host, terminal } = context;
  const principal = principalOf(flags);
  requireStore(context, flags);
  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Opening the store");
  try {
    const settings = { ...settingsOf(context, flags, progress.show), model: absentModel() };
    return await withAdvisor(context, settings, async (advisor) => {
      await requireKnownRoles(advisor, principal);
      const reference = { uri: page, ...(flags.source !== undefined && { source: flags.source }) };
      const versions = await advisor.versions(reference, { principal });
      const warnings = versions.length === 0 ? await emptyTenantWarnings(advisor, principal.tenant) : [];
      progress.end();
      if (flags.json) {
        await terminal.line(JSON.stringify({ page, versions, warnings }));
        return;
      }
      if (versions.length === 0) await terminal.line("No version of such a page is stored.");
      await writeVersions(context, versions);
      await writeWarnings(terminal, warnings);
    });
  } finally {
    progress.end();
  }
}

/** The versions of each page under its name: pages of several sources may have one. */
async function writeVersions({ terminal }: CommandContext, versions: readonly DocumentVersion[]) {
  const pages = new Map<string, DocumentVersion[]>();
  for (const version of versions) {
    pages.set(version.documentId, [...(pages.get(version.documentId) ?? []), version]);
  }
  for (const [index, each] of [...pages.values()].entries()) {
    const { uri, source } = each[0] as DocumentVersion;
    if (index > 0) await terminal.line();
    await terminal.line(
      `${terminal.style("cyan", printableLine(uri))}  ${terminal.style("dim", `of ${printableLine(source)}`)}`,
    );
    const rows = each.map(({ validFrom, validTo, version, chunks, title }) => [
      `  ${validFrom}`,
      validTo === undefined ? "until now" : `until ${validTo}`,
      counted(chunks, "chunk"),
      version.slice(0, 8),
      printableLine(title),
    ]);
    for (const line of table(rows, terminal.width)) await terminal.line(line);
  }
}
