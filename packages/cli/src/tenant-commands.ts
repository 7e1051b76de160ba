import type { Command } from "commander";
import { outputOptions, storeOptions, tenantOption } from "./command-options.ts";
import type { CommandContext, CommandResult } from "./context.ts";

const REMOVE_NOTES = `
Everything stored of the tenant goes, former states included, and it cannot be
undone. Other tenants are untouched; whoever has the store open finds nothing of
it from then on. A later sync fills the tenant anew.`;

const REINDEX_NOTES = `
It makes the indexes of one tenant anew and compacts its table. A sync does so by
itself as needed; this is for a store whose indexes are suspect. Searches go on
meanwhile.`;

/** `advisor tenants list | reindex | remove`. */
export function addTenantCommands(
  program: Command,
  context: CommandContext,
  done: (result: CommandResult) => Promise<void>,
): void {
  const load = () => import("./commands/tenants.ts");
  const tenants = program
    .command("tenants")
    .description("list, reindex and remove tenants")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);

  const list = tenants
    .command("list", { isDefault: true })
    .description("the tenants of the store, with their pages and passages (the default)")
    .helpOption("-h, --help", "print this help");
  storeOptions(outputOptions(list)).action((flags) =>
    done(load().then(({ listTenants }) => listTenants(context, flags))),
  );

  const reindex = tenants
    .command("reindex")
    .description("make the indexes of a tenant anew")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", REINDEX_NOTES);
  storeOptions(tenantOption(outputOptions(reindex))).action((flags) =>
    done(load().then(({ reindexTenant }) => reindexTenant(context, flags))),
  );

  const remove = tenants
    .command("remove")
    .description("remove all that is stored of a tenant")
    .argument("<name>", "the tenant")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", REMOVE_NOTES);
  storeOptions(outputOptions(remove))
    .optionsGroup("Options:")
    .option("--yes", "do it; without this nothing is removed")
    .action((name, flags) => done(load().then(({ removeTenant }) => removeTenant(context, name, flags))));
}
