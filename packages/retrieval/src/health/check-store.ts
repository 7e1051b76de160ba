import {
  type HealthReport,
  type HealthRequest,
  isAdministrator,
  NotPermittedError,
  type Principal,
} from "@advisor/contracts";
import { ANY_CHUNK, headerFilter } from "../store/filter.ts";
import type { LanceTable, Row } from "../store/lance.ts";
import { checkHealth } from "./check.ts";
import type { Page, PageChunk } from "./page.ts";
import { REACHED_WITHIN } from "./unreached.ts";

/**
 * Text that is held in memory at once, in UTF-16 units: some 130,000 chunks, with which a check takes about 1 GB at most.
 * A larger tenant is checked for what needs no text.
 */
const MAX_TEXT = 64 * 1024 * 1024;
/** Passages asked for, so that the first pages are among them although one page may have several. */
const PASSAGES = REACHED_WITHIN;

export interface StoreToCheck {
  /** The table of the principal's tenant; undefined when the tenant has none. */
  readonly table: LanceTable | undefined;
  readonly find: (query: string, principal: Principal, topK: number) => Promise<readonly string[]>;
}

/** Checks all pages of a tenant. @throws NotPermittedError for whoever does not administer it. */
export async function checkStore(
  request: Pick<HealthRequest, "principal" | "questions" | "today" | "signal">,
  open: () => Promise<StoreToCheck>,
): Promise<HealthReport> {
  const { principal, questions, signal } = request;
  if (!isAdministrator(principal)) {
    throw new NotPermittedError({
      code: "not_permitted",
      subject: "check",
      reason: "it reads every page of the tenant, which administrators alone may",
      nextStep: "Run it as an administrator of the tenant",
    });
  }
  const { table, find } = await open();
  const spans = (await table?.select(ANY_CHUNK, ["documentId", "startOffset", "endOffset"])) ?? [];
  const chunks = spans.map(
    (row): PageChunk => ({
      documentId: String(row.documentId),
      start: Number(row.startOffset),
      end: Number(row.endOffset),
    }),
  );
  const size = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  const fits = size <= MAX_TEXT;
  const columns = ["id", "source", "uri", "title", "roles", "metadata", ...(fits ? ["text"] : [])];
  const rows = (await table?.select(headerFilter(), columns)) ?? [];
  return checkHealth({
    pages: rows.map(pageOf).sort(byUri),
    chunks,
    today: request.today ?? new Date().toISOString().slice(0, 10),
    ...(!fits && {
      withoutText: `the tenant has more than ${MAX_TEXT / 1024 / 1024} million characters of text`,
    }),
    questions,
    find: (question) => find(question, principal, PASSAGES),
    signal,
  });
}

function pageOf(row: Row): Page {
  return {
    documentId: String(row.id),
    source: String(row.source),
    uri: String(row.uri),
    title: String(row.title),
    text: row.text === undefined ? "" : String(row.text),
    roles: (row.roles as readonly unknown[]).map(String),
    metadata: JSON.parse(String(row.metadata)),
  };
}

function byUri(a: Page, b: Page): number {
  if (a.uri !== b.uri) return a.uri < b.uri ? -1 : 1;
  return a.documentId < b.documentId ? -1 : 1;
}
