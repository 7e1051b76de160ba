import type { Warning } from "@advisor/contracts";
import type { Advisor } from "@advisor/core";

/**
 * Says so when nothing was found because the tenant has no pages, which reads like a mistyped tenant or a sync that was
 * left out. Whoever is at the shell may know the tenants of the store.
 */
export async function emptyTenantWarnings(advisor: Advisor, tenant: string): Promise<Warning[]> {
  const { store } = await advisor.status();
  const filled = store.tenants.filter(({ documents }) => documents > 0).map((each) => each.tenant);
  if (filled.includes(tenant)) return [];
  const message =
    filled.length === 0
      ? "The store has no pages yet. Sync a folder into it"
      : `The tenant ${tenant} has no pages; there are pages of ${filled.join(", ")}. Name another with --tenant, or sync a folder with it`;
  return [{ code: "tenant_empty", message }];
}
