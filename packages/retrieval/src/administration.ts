import {
  type AdministrationReport,
  type AdministrationRequest,
  administrationRequestSchema,
  isAdministrator,
  NotPermittedError,
  parseInput,
  throwIfAborted,
  type WriteOptions,
} from "@advisor/contracts";
import { ANY_CHUNK, headerFilter } from "./store/filter.ts";
import type { IndexPolicy } from "./store/index-policy.ts";
import type { LanceDatabase, LanceTable } from "./store/lance.ts";
import { tableName } from "./store/manifest.ts";
import type { WriterTurn } from "./writers/writer-turn.ts";

export interface AdministrationParts {
  readonly database: LanceDatabase;
  readonly exclusively: <Result>(
    options: WriteOptions,
    work: (turn: WriterTurn) => Promise<Result>,
  ) => Promise<Result>;
  /** The tables that an unfinished re-embedding makes, if there is one: they hold the tenant's texts too. */
  readonly openUnfinished?: (() => Promise<LanceDatabase | undefined>) | undefined;
  /** Lets go of the handle on a tenant's table. */
  readonly forget: (tenant: string) => Promise<void>;
}

/** Makes the indexes of a tenant anew, whatever state they are in, compacts its table and drops its old states. */
export function reindexTenant(
  parts: AdministrationParts & { readonly indexPolicy: IndexPolicy },
  request: AdministrationRequest,
): Promise<AdministrationReport> {
  return administer(parts, request, "reindex", async (tenant, turn) => {
    const table = await parts.database.open(tableName(tenant));
    if (!table) return { documents: 0, chunks: 0 };
    try {
      await turn.check();
      await table.rebuild(parts.indexPolicy);
      return await countOf(table);
    } finally {
      table.close();
    }
  });
}

/** Removes all that is stored of a tenant, every old state included. A damaged table goes as well. */
export function removeTenant(
  parts: AdministrationParts,
  request: AdministrationRequest,
): Promise<AdministrationReport> {
  return administer(parts, request, "remove the tenant", async (tenant, turn) => {
    const name = tableName(tenant);
    const held = await countStored(parts.database, name);
    const unfinished = await parts.openUnfinished?.();
    try {
      if (unfinished) await dropOwn(unfinished, name, turn);
      await dropOwn(parts.database, name, turn);
    } finally {
      unfinished?.close();
    }
    await parts.forget(tenant);
    return held;
  });
}

async function dropOwn(database: LanceDatabase, name: string, turn: WriterTurn): Promise<void> {
  // The tenant's other tables, of its history, go by the same hash.
  const own = (await database.tableNames()).filter((each) => each.endsWith(hashOf(name)));
  // First those that say nothing without the main one, so that a removal that is cut off leaves a tenant to remove.
  for (const each of [...own.filter((other) => other !== name), name]) {
    await turn.check();
    await database.drop(each);
  }
}

async function administer(
  { exclusively }: AdministrationParts,
  request: AdministrationRequest,
  name: string,
  work: (tenant: string, turn: WriterTurn) => Promise<Pick<AdministrationReport, "documents" | "chunks">>,
): Promise<AdministrationReport> {
  const { signal, onProgress, ...fields } = request;
  const { principal } = parseInput(administrationRequestSchema, fields, `${name} request`);
  if (!isAdministrator(principal)) {
    throw new NotPermittedError({
      code: "not_permitted",
      subject: name,
      reason: "it changes a whole tenant, which its administrators alone may",
      nextStep: "Run it as an administrator of the tenant",
    });
  }
  throwIfAborted(signal, name);
  const begin = performance.now();
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const { tenant } = principal;
  const counts = await exclusively(options, (turn) => work(tenant, turn));
  return { tenant, ...counts, elapsedMs: performance.now() - begin };
}

async function countStored(database: LanceDatabase, name: string) {
  // What cannot be read any more can still be removed.
  const table = await database.open(name).catch(() => undefined);
  const nothing = { documents: 0, chunks: 0 };
  if (!table) return nothing;
  try {
    return await countOf(table).catch(() => nothing);
  } finally {
    table.close();
  }
}

async function countOf(table: LanceTable) {
  return { documents: await table.count(headerFilter()), chunks: await table.count(ANY_CHUNK) };
}

function hashOf(name: string): string {
  return name.slice(name.indexOf("-"));
}
