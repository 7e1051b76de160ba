import type { ChangeReport, Embedder, Skipped, Warning } from "@advisor/contracts";
import { Unreadable } from "./extract/front-matter.ts";
import { fingerprint, type PreparedDocument, prepare, type SourceDocument } from "./prepare.ts";
import { headerFilter } from "./store/filter.ts";
import type { TenantHistory } from "./store/history.ts";
import type { LanceTable } from "./store/lance.ts";
import type { StoreRow } from "./store/schema.ts";

/** A commit is made when this many chunks, documents or characters are waiting: bounds memory and work lost by a kill. */
const COMMIT_CHUNKS = 512;
const COMMIT_DOCUMENTS = 128;
const COMMIT_LENGTH = 8 * 1024 * 1024;
/** Most ids in one removal's filter. */
const REMOVE_DOCUMENTS = 256;

/** A stored document as a writer needs to know it. */
export interface StoredHeader {
  readonly id: string;
  readonly uri: string;
  readonly version: string;
  readonly fingerprint: string;
  /** UTF-16 units of its text. */
  readonly length: number;
}

/** Collects changes, commits them in batches, and keeps the report. */
export interface ChangeWriter {
  /** Stores the document unless it is there unchanged. What cannot be read is listed as skipped. */
  put(document: SourceDocument): Promise<void>;
  remove(stored: readonly StoredHeader[]): Promise<void>;
  skip(uri: string, reason: string): void;
  warn(warning: Warning): void;
  /** Commits what is waiting, tidies the table and gives the report. */
  finish(): Promise<ChangeReport>;
}

export interface WriterParts {
  readonly table: LanceTable;
  /** Keeps what is replaced and removed. */
  readonly history: TenantHistory;
  readonly embedder: Embedder;
  /** Stored documents of the source, by uri. */
  readonly stored: ReadonlyMap<string, StoredHeader>;
  readonly signal?: AbortSignal | undefined;
}

export async function readHeaders(
  table: LanceTable,
  source: string | undefined,
): Promise<Map<string, StoredHeader>> {
  const rows = await table.select(headerFilter(source), ["id", "uri", "version", "fingerprint", "endOffset"]);
  const headers = rows.map((row) => ({
    id: String(row.id),
    uri: String(row.uri),
    version: String(row.version),
    fingerprint: String(row.fingerprint),
    length: Number(row.endOffset),
  }));
  return new Map(headers.map((header) => [header.uri, header]));
}

export function createChangeWriter(parts: WriterParts): ChangeWriter {
  const { table, history, embedder, stored, signal } = parts;
  const begin = performance.now();
  const report = {
    added: [] as string[],
    changed: [] as string[],
    removed: [] as string[],
    skipped: [] as Skipped[],
    warnings: [] as Warning[],
  };
  let unchanged = 0;
  let chunks = 0;
  let waiting: PreparedDocument[] = [];
  let waitingChunks = 0;
  let waitingLength = 0;
  /** Documents that this writer has put already: of two files that give one uri, the later replaces the earlier. */
  const written = new Set<string>();

  const commit = async () => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    waitingChunks = 0;
    waitingLength = 0;
    const texts = batch.flatMap((document) => document.texts);
    const vectors = texts.length > 0 ? await embedder.embed(texts, "passage", signal) : [];
    const changes = batch.map(({ id, uri, roles }) => ({
      id,
      roles,
      replaces: stored.has(uri) || written.has(id),
    }));
    await history.change(changes, (instant) => {
      const rows: StoreRow[] = [];
      let from = 0;
      for (const document of batch) {
        rows.push(...document.rows(vectors.slice(from, from + document.rowCount), instant));
        from += document.rowCount;
      }
      return table.replace(
        rows,
        batch.map(({ id }) => id),
      );
    });
    for (const { id } of batch) written.add(id);
    for (const { uri } of batch) (stored.has(uri) ? report.changed : report.added).push(uri);
    chunks += texts.length;
  };

  return {
    async put(document) {
      const before = stored.get(document.uri);
      if (before && before.fingerprint === fingerprint(document)) {
        unchanged++;
        return;
      }
      let prepared: PreparedDocument;
      try {
        prepared = await prepare(document, embedder);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        report.skipped.push({ uri: document.uri, reason: error.reason });
        return;
      }
      for (const { code, message } of prepared.warnings) {
        report.warnings.push({ code, message: `${document.uri}: ${message}` });
      }
      if (before?.version === prepared.version) {
        unchanged++;
        return;
      }
      if (waiting.some(({ id }) => id === prepared.id)) await commit();
      waiting.push(prepared);
      waitingChunks += prepared.rowCount;
      waitingLength += prepared.length;
      const full = waitingChunks >= COMMIT_CHUNKS || waiting.length >= COMMIT_DOCUMENTS;
      if (full || waitingLength >= COMMIT_LENGTH) await commit();
    },
    async remove(documents) {
      await commit();
      for (const batch of removals(documents)) {
        const ids = batch.map(({ id }) => id);
        const changes = ids.map((id) => ({ id, roles: [], replaces: true }));
        await history.change(changes, () => table.remove(ids));
        report.removed.push(...batch.map(({ uri }) => uri));
      }
    },
    skip(uri, reason) {
      report.skipped.push({ uri, reason });
    },
    warn(warning) {
      report.warnings.push(warning);
    },
    async finish() {
      await commit();
      await table.tidy(report.added.length + report.changed.length + report.removed.length > 0);
      return { ...report, unchanged, chunks, elapsedMs: performance.now() - begin };
    },
  };
}

/** Documents in groups that are removed in one commit: their rows are held in memory on their way into the history. */
function* removals(documents: readonly StoredHeader[]): Generator<StoredHeader[], void, undefined> {
  let group: StoredHeader[] = [];
  let length = 0;
  for (const document of documents) {
    if (group.length > 0 && (group.length >= REMOVE_DOCUMENTS || length + document.length > COMMIT_LENGTH)) {
      yield group;
      group = [];
      length = 0;
    }
    group.push(document);
    length += document.length;
  }
  if (group.length > 0) yield group;
}
