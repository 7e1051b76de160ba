import { resolve } from "node:path";
import {
  ADMINISTRATOR,
  BadInputError,
  type OnProgress,
  type Principal,
  StoreError,
} from "@advisor/contracts";
import type { Advisor, AdvisorSettings } from "@advisor/core";
import type { CommandContext } from "./context.ts";
import { embedderOf } from "./embedder-flag.ts";
import { DEFAULT_STORE, EMBEDDED } from "./flag-values.ts";
import type { ModelFlags, StoreFlags } from "./flags.ts";
import { type RerankFlags, rerankingOf } from "./reranker-flag.ts";
import { mayHaveStore, storeLocation, storeOf } from "./store-flag.ts";

/** Opens an advisor for the length of a piece of work. */
export async function withAdvisor<Result>(
  context: CommandContext,
  settings: AdvisorSettings,
  work: (advisor: Advisor) => Promise<Result>,
): Promise<Result> {
  const { createAdvisor } = await context.host.core();
  const advisor = await createAdvisor(settings);
  try {
    return await work(advisor);
  } finally {
    await advisor.dispose();
  }
}

/** Settings of the advisor that the flags describe, paths made absolute. */
export function settingsOf(
  context: CommandContext,
  flags: StoreFlags & Partial<ModelFlags> & RerankFlags,
  onProgress: OnProgress,
): AdvisorSettings {
  const path = (value: string) => resolve(context.host.cwd, value);
  return {
    store: storeOf(context, flags),
    embedder: embedderOf(flags.embedder, context.host.cwd),
    ...rerankingOf(flags, context.host.cwd),
    ...(flags.model !== undefined && { model: flags.model === EMBEDDED ? EMBEDDED : path(flags.model) }),
    ...(flags.adapters?.length && { adapters: flags.adapters.map(path) }),
    ...(flags.gpu !== undefined && { gpu: flags.gpu ? ("auto" as const) : (false as const) }),
    onProgress,
  };
}

/** The way to fill the store at hand, to be shown to whoever has to. */
export function syncHint(flags: StoreFlags): string {
  const parts = ["advisor", "sync", "FOLDER"];
  if (flags.store !== DEFAULT_STORE) parts.push("--store", flags.store);
  if (flags.tenant !== undefined) parts.push("--tenant", flags.tenant);
  return parts.join(" ");
}

/** @throws StoreError `store_missing` before anything is loaded, since reading must not make an empty store. */
export function requireStore(context: CommandContext, flags: StoreFlags): void {
  if (mayHaveStore(context, flags)) return;
  throw new StoreError({
    code: "store_missing",
    subject: `store ${storeLocation(context, flags)}`,
    reason: "there is none yet",
    nextStep: `Make it with \`${syncHint(flags)}\`, or name another with --store`,
  });
}

/**
 * A role that no rule names can only be a typing error here, and would quietly find nothing.
 * @throws BadInputError `unknown_role` with the roles there are: whoever is at the shell owns the store.
 */
export async function requireKnownRoles(advisor: Advisor, principal: Principal): Promise<void> {
  const asked = principal.roles.filter((role) => role !== ADMINISTRATOR);
  if (asked.length === 0) return;
  const known = await advisor.roles(principal.tenant);
  const unknown = asked.filter((role) => !known.includes(role));
  if (unknown.length === 0) return;
  throw new BadInputError({
    code: "unknown_role",
    subject: `--role ${unknown.join(", ")}`,
    reason: `no page of the tenant ${principal.tenant} names ${unknown.length === 1 ? "that role" : "those roles"}`,
    nextStep: `Use one of ${[...known, ADMINISTRATOR].join(", ")}`,
  });
}
