import {
  type DocumentReference,
  isAdministrator,
  NotPermittedError,
  type Principal,
  type PurgeReport,
  type Skipped,
} from "@advisor/contracts";
import { referenceFilter, rowsOfDocuments } from "../store/filter.ts";
import { eraseDocuments } from "../store/history.ts";
import type { HistoryTable } from "../store/history-table.ts";
import type { LanceDatabase, LanceTable } from "../store/lance.ts";
import { historyTable } from "../store/manifest.ts";

interface Purged {
  readonly documentId: string;
  readonly uri: string;
  readonly source: string;
  readonly beginnings: Set<unknown>;
}

/** @throws NotPermittedError for whoever does not administer the tenant. */
export function checkMayPurge(principal: Principal): void {
  if (isAdministrator(principal)) return;
  throw new NotPermittedError({
    code: "not_permitted",
    subject: "purge",
    reason: "it erases what others may read, which administrators of the tenant alone may",
    nextStep: "Run it as an administrator of the tenant",
  });
}

export interface PurgeParts {
  readonly live: LanceTable;
  readonly history: HistoryTable;
  /** Name of the live table. */
  readonly name: string;
  /** The tables that an unfinished re-embedding makes, if there is one. */
  readonly openUnfinished: (() => Promise<LanceDatabase | undefined>) | undefined;
}

/** Erases the documents from all tables of a tenant. Only a writer that holds the lock may call it. */
export async function purgeDocuments(
  tables: PurgeParts,
  references: readonly DocumentReference[],
  principal: Principal,
): Promise<PurgeReport> {
  const begin = performance.now();
  const purged = new Map<string, Purged>();
  const skipped: Skipped[] = [];
  for (const reference of references) {
    const filter = referenceFilter(reference, principal);
    const columns = ["documentId", "uri", "source", "validFrom"];
    const rows = [
      ...(await tables.live.select(filter, columns)),
      ...(await tables.history.select(filter, columns)),
    ];
    if (rows.length === 0) {
      const uri = "uri" in reference ? reference.uri : reference.documentId;
      skipped.push({ uri, reason: "no version of such a page is stored" });
    }
    for (const row of rows) {
      const documentId = String(row.documentId);
      const known = purged.get(documentId);
      if (known) known.beginnings.add(row.validFrom);
      else {
        const beginnings = new Set([row.validFrom]);
        purged.set(documentId, { documentId, uri: String(row.uri), source: String(row.source), beginnings });
      }
    }
  }
  if (purged.size > 0) {
    const ids = [...purged.keys()];
    await eraseUnfinished(tables, rowsOfDocuments(ids));
    await eraseDocuments(tables.live, tables.history, ids);
  }
  return {
    purged: [...purged.values()].map(({ beginnings, ...page }) => ({ ...page, versions: beginnings.size })),
    skipped,
    elapsedMs: performance.now() - begin,
  };
}

async function eraseUnfinished({ openUnfinished, name }: PurgeParts, erased: string): Promise<void> {
  const database = await openUnfinished?.();
  for (const table of [await database?.open(name), await database?.openHistory(historyTable(name))]) {
    await table?.erase(erased);
    table?.close();
  }
  database?.close();
}
