import { absentModel } from "../absent-parts.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { principalOf, type StoreFlags } from "../flags.ts";
import { counted, duration } from "../output/numbers.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

/** `advisor optimize`: compacts the tenant's table and makes its indexes anew. */
export async function optimize(context: CommandContext, flags: StoreFlags): CommandResult {
  const { host, signal, terminal } = context;
  const { tenant } = principalOf({ ...flags, role: [] });
  requireStore(context, flags);
  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Opening the store");
  try {
    const settings = { ...settingsOf(context, flags, progress.show), model: absentModel() };
    await withAdvisor(context, settings, async (advisor) => {
      progress.say("Compacting and making indexes");
      const report = await advisor.optimize({ tenant, signal });
      progress.end();
      if (flags.json) {
        await terminal.line(JSON.stringify(report));
        return;
      }
      const vectors =
        report.vectorSearch === "exact" ? "every vector is compared" : "vectors are found by an index";
      await terminal.line(
        report.rows === 0
          ? `There is nothing to optimize: tenant ${tenant} has no pages.`
          : `Optimized ${counted(report.rows, "row")} of tenant ${tenant} in ${duration(report.elapsedMs)}; ${vectors}.`,
      );
    });
  } finally {
    progress.end();
  }
}
