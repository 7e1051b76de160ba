import { type AdministrationReport, BadInputError, type StoreStatus } from "@advisor/contracts";
import type { Advisor } from "@advisor/core";
import { absentModel } from "../absent-parts.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { principalOf, type StoreFlags } from "../flags.ts";
import { counted, duration } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { table } from "../output/table.ts";
import { requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface RemoveFlags extends StoreFlags {
  readonly yes?: boolean;
}

/** `advisor tenants`. */
export async function listTenants(context: CommandContext, flags: StoreFlags): CommandResult {
  const { terminal } = context;
  const { tenants, location } = await onStore<StoreStatus>(context, flags, "Opening the store", (advisor) =>
    advisor.status().then(({ store }) => store),
  );
  if (flags.json) return terminal.line(JSON.stringify({ store: location, tenants }));
  if (tenants.length === 0) return terminal.line("The store is empty.");
  const rows = tenants.map(({ tenant, documents, chunks }) => [
    documents.toLocaleString("en"),
    chunks.toLocaleString("en"),
    printableLine(tenant),
  ]);
  for (const line of table([["PAGES", "PASSAGES", "TENANT"], ...rows], terminal.width)) {
    await terminal.line(line);
  }
}

/** `advisor tenants reindex`. Whoever is at the shell acts as the tenant's administrator. */
export async function reindexTenant(context: CommandContext, flags: StoreFlags): CommandResult {
  const principal = principalOf({ ...flags, role: [] });
  await requireTenant(context, flags, principal.tenant);
  const report = await onStore<AdministrationReport>(context, flags, "Reindexing", (advisor, onProgress) =>
    advisor.reindex({ principal, signal: context.signal, onProgress }),
  );
  await writeReport(context, flags, "Reindexed", report);
}

/** `advisor tenants remove NAME --yes`. */
export async function removeTenant(context: CommandContext, name: string, flags: RemoveFlags): CommandResult {
  const principal = principalOf({ tenant: name, role: [] });
  const { tenant } = principal;
  const { documents, chunks } = await requireTenant(context, flags, tenant);
  if (!flags.yes) {
    throw new BadInputError({
      code: "invalid_request",
      subject: `tenant ${tenant}`,
      reason: `this removes its ${counted(documents, "page")} and ${counted(chunks, "passage")} for good`,
      nextStep: "Add --yes to do it",
    });
  }
  const report = await onStore<AdministrationReport>(context, flags, "Removing", (advisor, onProgress) =>
    advisor.removeTenant({ principal, signal: context.signal, onProgress }),
  );
  await writeReport(context, flags, "Removed", report);
}

/** A tenant that is not there can only be a typing error here. */
async function requireTenant(context: CommandContext, flags: StoreFlags, name: string) {
  const { tenants } = await onStore<StoreStatus>(context, flags, "Opening the store", (advisor) =>
    advisor.status().then(({ store }) => store),
  );
  const found = tenants.find(({ tenant }) => tenant === name);
  if (found) return found;
  throw new BadInputError({
    code: "invalid_request",
    subject: `tenant ${name}`,
    reason: "the store has none of that name",
    nextStep:
      tenants.length === 0 ? "It is empty" : `Use one of ${tenants.map(({ tenant }) => tenant).join(", ")}`,
  });
}

async function onStore<Result>(
  context: CommandContext,
  flags: StoreFlags,
  saying: string,
  work: (advisor: Advisor, onProgress: ReturnType<typeof createProgressLine>["show"]) => Promise<Result>,
): Promise<Result> {
  requireStore(context, flags);
  const progress = createProgressLine(context.host, { json: flags.json === true });
  progress.say(saying);
  try {
    const settings = { ...settingsOf(context, flags, progress.show), model: absentModel() };
    return await withAdvisor(context, settings, (advisor) => work(advisor, progress.show));
  } finally {
    progress.end();
  }
}

async function writeReport(
  { terminal }: CommandContext,
  flags: StoreFlags,
  done: string,
  report: AdministrationReport,
): Promise<void> {
  const { tenant, documents, chunks, elapsedMs } = report;
  if (flags.json) return terminal.line(JSON.stringify(report));
  await terminal.line(
    `${done} the tenant ${printableLine(tenant)}: ${counted(documents, "page")}, ${counted(chunks, "passage")}, in ${duration(elapsedMs)}`,
  );
}
