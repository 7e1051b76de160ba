import { type Facet, type FacetCounts, MAX_FACET_VALUES } from "@advisor/contracts";
import { absentModel } from "../absent-parts.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { type AskerFlags, asOfOption, parseNumber, principalOf, type TimeFlags } from "../flags.ts";
import { counted } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { table } from "../output/table.ts";
import { filterOf } from "../where.ts";
import { requireKnownRoles, requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface FacetsFlags extends AskerFlags, TimeFlags {
  readonly by: readonly string[];
  readonly limit?: string;
}

/** `advisor facets`: what there is that one may read, by source, role or metadata. */
export async function facets(context: CommandContext, flags: FacetsFlags): CommandResult {
  const { host, signal, terminal } = context;
  const principal = principalOf(flags);
  const filter = filterOf(flags);
  const time = asOfOption(flags);
  const by = (flags.by.length > 0 ? flags.by : ["source", "role"]).map(facetOf);
  const limit =
    flags.limit === undefined
      ? {}
      : { limit: parseNumber("--limit", flags.limit, { min: 1, max: MAX_FACET_VALUES }) };
  requireStore(context, flags);
  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Opening the store");
  try {
    const settings = { ...settingsOf(context, flags, progress.show), model: absentModel() };
    await withAdvisor(context, settings, async (advisor) => {
      await requireKnownRoles(advisor, principal);
      const request = { principal, signal, ...time, ...(filter && { filter }) };
      const [counts, found] = await Promise.all([
        advisor.count(request),
        advisor.facets({ ...request, by, ...limit }),
      ]);
      progress.end();
      if (flags.json) {
        await terminal.line(JSON.stringify({ ...counts, facets: found.facets, ...time }));
        return;
      }
      for (const facet of found.facets) await writeFacet(context, facet);
      const sum = `${counted(counts.documents, "page")}, ${counted(counts.passages, "passage")}`;
      const when = time.asOf ? `, as of ${time.asOf.toISOString()} under the access rules of today` : "";
      await terminal.line(terminal.style("dim", sum + when));
    });
  } finally {
    progress.end();
  }
}

/** `source` and `role` are the store's own; `key:role` is metadata of that name. */
function facetOf(name: string): Facet {
  if (name === "source" || name === "role") return name;
  return { key: name.startsWith("key:") ? name.slice("key:".length) : name };
}

async function writeFacet({ terminal }: CommandContext, facet: FacetCounts): Promise<void> {
  const name = typeof facet.by === "string" ? facet.by : facet.by.key;
  await terminal.line(terminal.style("bold", printableLine(name)));
  const rows = facet.values.map(({ value, documents }) => [
    documents.toLocaleString("en"),
    typeof value === "string" ? printableLine(value) : String(value),
  ]);
  const width = Math.max(0, ...rows.map(([count = ""]) => count.length));
  const lines = table(
    rows.map(([count = "", value = ""]) => [count.padStart(width), value]),
    terminal.width - 2,
  );
  for (const line of lines) await terminal.line(`  ${line}`);
  if (facet.moreValues > 0) await terminal.line(`  and ${counted(facet.moreValues, "more value")}`);
  if (facet.without > 0)
    await terminal.line(terminal.style("dim", `  ${counted(facet.without, "page")} without`));
  await terminal.line();
}
