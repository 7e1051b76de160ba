import type { ChangeReport, Embedder, Skipped, Warning } from "@advisor/contracts";
import { Unreadable } from "./extract/front-matter.ts";
import { fingerprint, type PreparedDocument, prepare, type SourceDocument } from "./prepare.ts";
import { headerFilter } from "./store/filter.ts";
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
}

/** Collects changes, commits them in batches, and keeps the report. */
export interface ChangeWriter {
  /** Stores the document unless it is there unchanged; gives its version. What cannot be read is listed as skipped. */
  put(document: SourceDocument): Promise<string | undefined>;
  /** Counts a stored document as unchanged. */
  keep(): void;
  remove(stored: readonly StoredHeader[]): Promise<void>;
  skip(uri: string, reason: string): void;
  warn(warning: Warning): void;
  /** Commits what is waiting, tidies the table and gives the report. */
  finish(): Promise<ChangeReport>;
}

export interface WriterParts {
  readonly table: LanceTable;
  readonly embedder: Embedder;
  /** Stored documents of the source, by uri. */
  readonly stored: ReadonlyMap<string, StoredHeader>;
  readonly signal?: AbortSignal | undefined;
}

export async function readHeaders(
  table: LanceTable,
  source: string | undefined,
  parts?: readonly string[],
): Promise<Map<string, StoredHeader>> {
  const rows = await table.select(headerFilter(source, parts), ["id", "uri", "version", "fingerprint"]);
  const headers = rows.map((row) => ({
    id: String(row.id),
    uri: String(row.uri),
    version: String(row.version),
    fingerprint: String(row.fingerprint),
  }));
  return new Map(headers.map((header) => [header.uri, header]));
}

export function createChangeWriter(parts: WriterParts): ChangeWriter {
  const { table, embedder, stored, signal } = parts;
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

  const commit = async () => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    waitingChunks = 0;
    waitingLength = 0;
    const texts = batch.flatMap((document) => document.texts);
    const vectors = texts.length > 0 ? await embedder.embed(texts, "passage", signal) : [];
    const rows: StoreRow[] = [];
    let from = 0;
    for (const document of batch) {
      rows.push(...document.rows(vectors.slice(from, from + document.rowCount)));
      from += document.rowCount;
    }
    const ids = batch.map((document) => document.id);
    await table.replace(rows, ids);
    for (const { uri } of batch) (stored.has(uri) ? report.changed : report.added).push(uri);
    chunks += texts.length;
  };

  return {
    async put(document) {
      const before = stored.get(document.uri);
      if (before && before.fingerprint === fingerprint(document)) {
        unchanged++;
        return before.version;
      }
      let prepared: PreparedDocument;
      try {
        prepared = await prepare(document, embedder);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        report.skipped.push({ uri: document.uri, reason: error.reason });
        return undefined;
      }
      for (const { code, message } of prepared.warnings) {
        report.warnings.push({ code, message: `${document.uri}: ${message}` });
      }
      if (before?.version === prepared.version) {
        unchanged++;
        return before.version;
      }
      if (waiting.some(({ id }) => id === prepared.id)) await commit();
      waiting.push(prepared);
      waitingChunks += prepared.rowCount;
      waitingLength += prepared.length;
      const full = waitingChunks >= COMMIT_CHUNKS || waiting.length >= COMMIT_DOCUMENTS;
      if (full || waitingLength >= COMMIT_LENGTH) await commit();
      return prepared.version;
    },
    keep() {
      unchanged++;
    },
    async remove(documents) {
      await commit();
      for (let from = 0; from < documents.length; from += REMOVE_DOCUMENTS) {
        const batch = documents.slice(from, from + REMOVE_DOCUMENTS);
        await table.remove(batch.map(({ id }) => id));
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
