import type { Principal } from "@advisor/contracts";
import { checkPast, stateAt, type TenantTables } from "./history/past.ts";
import { createWordForms, type WordForms } from "./history/word-forms.ts";
import type { LanceDatabase, LanceTable, TableView } from "./store/lance.ts";
import { historyTable, tableName } from "./store/manifest.ts";
import { vanishing } from "./store/vanishing.ts";

/** Tenants' tables to read from: each is opened once and kept. */
export interface TenantReader {
  /** Undefined as long as nothing was written for the tenant. */
  tableOf(tenant: string): Promise<LanceTable | undefined>;
  /** Reads a tenant's two tables; undefined as `tableOf`. */
  withHistory<Result>(
    tenant: string,
    read: (tables: TenantTables) => Promise<Result>,
  ): Promise<Result | undefined>;
  /** Reads the principal's tenant as it stands, or as it stood. */
  reading<Result>(
    principal: Principal,
    asOf: Date | undefined,
    read: (table: TableView | undefined) => Promise<Result>,
  ): Promise<Result>;
  /** Lets go of a tenant's table. */
  forget(tenant: string): Promise<void>;
  /** Lets go of them all. */
  close(): Promise<void>;
}

export function createTenantReader(database: LanceDatabase, now: () => number): TenantReader {
  const tables = new Map<string, Promise<LanceTable | undefined>>();
  const forms = new WeakMap<LanceTable, WordForms>();

  const tableOf = (tenant: string): Promise<LanceTable | undefined> => {
    const name = tableName(tenant);
    const known = tables.get(name);
    if (known) return known;
    const isGone = async () => {
      const now = await database.open(name);
      now?.close();
      if (!now) tables.delete(name);
      return !now;
    };
    const opened = database.open(name).then((table) => table && vanishing(table, isGone));
    tables.set(name, opened);
    // A table that is not there yet may be made by another process at any time.
    opened.then(
      (table) => table ?? tables.delete(name),
      () => tables.delete(name),
    );
    return opened;
  };

  // History is read seldom, so its table is opened each time.
  const withHistory = async <Result>(
    tenant: string,
    read: (tables: TenantTables) => Promise<Result>,
  ): Promise<Result | undefined> => {
    const live = await tableOf(tenant);
    if (!live) return undefined;
    const history = await database.openHistory(historyTable(tableName(tenant)));
    try {
      return await read({ live, history });
    } finally {
      history?.close();
    }
  };

  const reading = async <Result>(
    principal: Principal,
    asOf: Date | undefined,
    read: (table: TableView | undefined) => Promise<Result>,
  ): Promise<Result> => {
    if (!asOf) return read(await tableOf(principal.tenant));
    checkPast(asOf, now());
    const found = await withHistory(principal.tenant, async (both) => {
      const words = forms.get(both.live) ?? createWordForms(both.live);
      forms.set(both.live, words);
      return { result: await read(await stateAt(both, words, { asOf, principal })) };
    });
    return found ? found.result : read(undefined);
  };

  const forget = async (tenant: string) => {
    const table = await tables.get(tableName(tenant))?.catch(() => undefined);
    tables.delete(tableName(tenant));
    table?.close();
  };

  const close = async () => {
    for (const table of await Promise.allSettled(tables.values())) {
      if (table.status === "fulfilled") table.value?.close();
    }
  };

  return { tableOf, withHistory, reading, forget, close };
}
