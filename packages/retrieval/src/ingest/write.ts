import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChangeReport, Embedder, Skipped, Warning } from "@advisor/contracts";
import { createVectorSource } from "../embed/reused-vectors.ts";
import { Unreadable } from "../extract/front-matter.ts";
import { headerFilter } from "../store/filter.ts";
import type { TenantHistory } from "../store/history.ts";
import type { IndexPolicy } from "../store/index-policy.ts";
import type { LanceTable } from "../store/lance.ts";
import type { StoreRow } from "../store/schema.ts";
import { createBatchLimits, createDocumentBatch, type DocumentBatch } from "./batch.ts";
import { createCommitPipeline } from "./commit-pipeline.ts";
import { fingerprint, type PreparedDocument, prepare, type SourceDocument } from "./prepare.ts";

/** Most ids in one removal's filter. */
const REMOVE_DOCUMENTS = 256;
/** Most characters of text that are removed in one commit, one long document aside. */
const REMOVE_LENGTH = 8 * 1024 * 1024;
/** How long documents are read and cut before whoever else is in this process gets a turn, in milliseconds. */
const TURN_MS = 12;

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
  /** Stores the document unless it is there unchanged; gives its version. What cannot be read is listed as skipped. */
  put(document: SourceDocument): Promise<string | undefined>;
  /** Counts a stored document as unchanged. */
  keep(): void;
  remove(stored: readonly StoredHeader[]): Promise<void>;
  skip(uri: string, reason: string): void;
  warn(warning: Warning): void;
  /** Commits what is waiting, tidies the table unless told to leave that, and gives the report. */
  finish(tidy?: boolean): Promise<ChangeReport>;
  /** Waits until no commit is under way, after a failure too. To be awaited before the table is closed or the lock left. */
  settle(): Promise<void>;
}

export interface WriterParts {
  readonly table: LanceTable;
  /** Keeps what is replaced and removed. */
  readonly history: TenantHistory;
  readonly embedder: Embedder;
  /** Stored documents of the source, by uri. */
  readonly stored: ReadonlyMap<string, StoredHeader>;
  /** Whether no one else can be writing: then a document that is not stored needs no look-up of its rows. */
  readonly alone: boolean;
  readonly indexPolicy: IndexPolicy;
  readonly signal?: AbortSignal | undefined;
}

export async function readHeaders(
  table: LanceTable,
  source: string | undefined,
  parts?: readonly string[],
): Promise<Map<string, StoredHeader>> {
  const columns = ["id", "uri", "version", "fingerprint", "endOffset"];
  const rows = await table.select(headerFilter(source, parts), columns);
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
  const { table, history, embedder, stored, alone, indexPolicy, signal } = parts;
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
  let turn = begin;
  const limits = createBatchLimits();
  const source = createVectorSource(table, embedder);
  const storedIds = new Set([...stored.values()].map(({ id }) => id));
  let batch = createDocumentBatch();
  /** What this call put, by uri: a later document of the same uri replaces it and is not reported twice. */
  const put = new Map<string, Pick<StoredHeader, "version" | "fingerprint">>();

  /** Uris whose first commit of this call is made. */
  const written = new Set<string>();

  const pipeline = createCommitPipeline<DocumentBatch, Float32Array[]>({
    async embed({ documents, ids }) {
      const from = performance.now();
      const replaced = ids.filter((id) => storedIds.has(id));
      const vectors = await source.vectorsOf(documents, replaced, signal);
      limits.measured(vectors.length, performance.now() - from);
      return vectors;
    },
    async write({ documents, ids, isNew }, vectors) {
      const changes = documents.map(({ id, uri, roles }) => ({
        id,
        roles,
        replaces: stored.has(uri) || written.has(uri),
      }));
      await history.change(changes, (instant) => {
        const rows: StoreRow[] = [];
        let from = 0;
        for (const document of documents) {
          rows.push(...document.rows(vectors.slice(from, from + document.rowCount), instant));
          from += document.rowCount;
        }
        if (!alone) return table.replace(rows, ids);
        return isNew ? table.append(rows) : table.exchange(rows, ids);
      });
      for (const { uri } of documents) {
        if (written.has(uri)) continue;
        written.add(uri);
        (stored.has(uri) ? report.changed : report.added).push(uri);
      }
      chunks += vectors.length;
    },
  });

  const commit = async () => {
    if (batch.rows === 0) return;
    const full = batch;
    batch = createDocumentBatch();
    await pipeline.push(full);
  };

  return {
    async put(document) {
      const before = put.get(document.uri) ?? stored.get(document.uri);
      let prepared: PreparedDocument;
      let print: string;
      try {
        print = fingerprint(document);
        if (before && before.fingerprint === print) {
          unchanged++;
          return before.version;
        }
        prepared = await prepare(document, print, embedder);
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
      // Two equal keys in one commit would give two rows.
      if (batch.has(prepared.id)) await commit();
      batch.add(prepared, before === undefined);
      put.set(document.uri, { version: prepared.version, fingerprint: print });
      if (limits.full(batch)) await commit();
      if (performance.now() - turn > TURN_MS) {
        await nextTurn();
        turn = performance.now();
      }
      return prepared.version;
    },
    keep() {
      unchanged++;
    },
    async remove(documents) {
      await commit();
      await pipeline.drain();
      for (const group of removals(documents)) {
        const ids = group.map(({ id }) => id);
        const changes = ids.map((id) => ({ id, roles: [], replaces: true }));
        await history.change(changes, () => table.remove(ids));
        report.removed.push(...group.map(({ uri }) => uri));
      }
    },
    skip(uri, reason) {
      report.skipped.push({ uri, reason });
    },
    warn(warning) {
      report.warnings.push(warning);
    },
    async finish(tidy = true) {
      await commit();
      await pipeline.drain();
      const changed = report.added.length + report.changed.length + report.removed.length > 0;
      const tidying = performance.now();
      if (tidy) await table.tidy(indexPolicy, changed);
      const end = performance.now();
      return { ...report, unchanged, chunks, elapsedMs: end - begin, indexMs: end - tidying };
    },
    settle: () => pipeline.settle(),
  };
}

/** Documents in groups that are removed in one commit: their rows are held in memory on their way into the history. */
function* removals(documents: readonly StoredHeader[]): Generator<StoredHeader[], void, undefined> {
  let group: StoredHeader[] = [];
  let length = 0;
  for (const document of documents) {
    if (group.length > 0 && (group.length >= REMOVE_DOCUMENTS || length + document.length > REMOVE_LENGTH)) {
      yield group;
      group = [];
      length = 0;
    }
    group.push(document);
    length += document.length;
  }
  if (group.length > 0) yield group;
}
