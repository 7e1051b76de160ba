import {
  BadInputError,
  type DocumentReference,
  type DocumentVersion,
  isAdministrator,
  type Principal,
} from "@advisor/contracts";
import { validity } from "../search/leg.ts";
import { ANY_CHUNK, both, referenceFilter, rowsOfDocuments } from "../store/filter.ts";
import { readHorizon } from "../store/history.ts";
import type { HistoryTable } from "../store/history-table.ts";
import type { LanceTable, Row, TableView } from "../store/lance.ts";
import { asOfView } from "./as-of.ts";
import type { WordForms } from "./word-forms.ts";

/** A tenant's two tables. */
export interface TenantTables {
  readonly live: LanceTable;
  /** Undefined when no writing call ended yet. */
  readonly history: HistoryTable | undefined;
}

/**
 * The state of a tenant at an instant that has passed.
 * @throws BadInputError `history_unavailable` when the store does not know it.
 */
export async function stateAt(
  { live, history }: TenantTables,
  forms: WordForms,
  { asOf, principal }: { readonly asOf: Date; readonly principal: Principal },
): Promise<TableView> {
  const horizon = history && (await readHorizon(history));
  if (!history || horizon === undefined || asOf.getTime() < horizon) {
    // When pages change is not for everybody to know.
    const since = horizon !== undefined && isAdministrator(principal);
    throw new BadInputError({
      code: "history_unavailable",
      subject: `as of ${asOf.toISOString()}`,
      reason: `the store does not know what it held then${since ? `; its history begins at ${new Date(horizon).toISOString()}` : ""}`,
      nextStep: "Name a later time; how long former versions are kept is the store's setting keepVersions",
    });
  }
  return asOfView({ live, history, forms, instant: asOf.getTime() });
}

/** @throws BadInputError `invalid_request` for an instant to come. */
export function checkPast(asOf: Date, now: number): void {
  if (asOf.getTime() <= now) return;
  throw new BadInputError({
    code: "invalid_request",
    subject: `as of ${asOf.toISOString()}`,
    reason: "it lies in the future",
    nextStep: "Name a time that has passed, or leave it out to ask the state of now",
  });
}

/** The stored versions of documents that the principal may read, latest first. */
export async function listVersions(
  { live, history }: TenantTables,
  reference: DocumentReference,
  principal: Principal,
): Promise<DocumentVersion[]> {
  const columns = ["documentId", "uri", "source", "title", "version", "validFrom", "validTo"];
  const named = referenceFilter(reference, principal);
  // Live first: a version that is replaced meanwhile is then found, in either table or in both.
  const headers = [
    ...(await live.select(named, columns)),
    ...((await history?.select(named, columns)) ?? []),
  ];
  const versions = new Map<string, Row>();
  for (const row of headers) if (!versions.has(versionKey(row))) versions.set(versionKey(row), row);
  const chunksOf = both(
    ANY_CHUNK,
    rowsOfDocuments([...new Set(headers.map((row) => String(row.documentId)))]),
  );
  const chunks = new Map<string, Set<unknown>>();
  for (const table of [live, history]) {
    for (const row of (await table?.select(chunksOf, ["id", "documentId", "validFrom"])) ?? []) {
      const ids = chunks.get(versionKey(row)) ?? new Set();
      chunks.set(versionKey(row), ids.add(row.id));
    }
  }
  return [...versions]
    .map(
      ([key, row]): DocumentVersion => ({
        documentId: String(row.documentId),
        uri: String(row.uri),
        source: String(row.source),
        title: String(row.title),
        version: String(row.version),
        ...validity(row),
        chunks: chunks.get(key)?.size ?? 0,
      }),
    )
    .sort(byUriLatestFirst);
}

function versionKey(row: Row): string {
  return `${row.documentId} ${row.validFrom}`;
}

function byUriLatestFirst(a: DocumentVersion, b: DocumentVersion): number {
  if (a.uri !== b.uri) return a.uri < b.uri ? -1 : 1;
  if (a.source !== b.source) return a.source < b.source ? -1 : 1;
  return a.validFrom < b.validFrom ? 1 : -1;
}
