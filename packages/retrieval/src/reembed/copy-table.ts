import { createHash } from "node:crypto";
import { type Embedder, throwIfAborted } from "@advisor/contracts";
import type { RawRow, RawTable } from "../store/raw-table.ts";

/** A commit is made when this many rows or documents are waiting: bounds memory and work lost by a kill. */
const COMMIT_ROWS = 512;
const COMMIT_DOCUMENTS = 128;
/** Columns that no change leaves alone: `version` is a hash of the texts, and vectors are made anew. */
const HEAVY_COLUMNS: ReadonlySet<string> = new Set(["vector", "text", "terms", "context", "identifiers"]);
const MASK = (1n << 64n) - 1n;

/** Texts that are embedded between two reports: a slow embedder is heard of every few seconds. */
const SLICE_TEXTS = 32;

/** What a table holds of a document: how many rows, of which so many are chunks, and a sum over their contents. */
interface DocumentState {
  rows: number;
  chunks: number;
  sum: bigint;
}

export interface CopyParts {
  readonly source: RawTable;
  readonly target: RawTable;
  readonly embedder: Embedder;
  readonly signal?: AbortSignal | undefined;
  /** Told before, between and after: chunks embedded, of those of documents that differ. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What one pass did. */
export interface CopyReport {
  readonly documents: number;
  readonly chunks: number;
  /** Chunks that are longer than the embedder sees. */
  readonly cut: number;
}

/**
 * Brings the target table in step with the source, whole documents at a time, with the vectors of another embedder. What
 * is there and unchanged is left alone, so that it goes on from where it stopped.
 */
export async function copyTable(parts: CopyParts): Promise<CopyReport> {
  const { source, target, signal, onProgress } = parts;
  const [wanted, there] = [await statesOf(source, signal), await statesOf(target, signal)];
  const changed = [...wanted].filter(([id, state]) => {
    const old = there.get(id);
    return old?.rows !== state.rows || old.sum !== state.sum;
  });
  const gone = [...there.keys()].filter((id) => !wanted.has(id));
  for (let from = 0; from < gone.length; from += COMMIT_DOCUMENTS) {
    await target.replace([], gone.slice(from, from + COMMIT_DOCUMENTS));
  }
  const total = changed.reduce((sum, [, state]) => sum + state.chunks, 0);
  let chunks = 0;
  let cut = 0;
  for (const batch of batches(changed)) {
    const rows = await source.rows(batch);
    const embedded = await embedRows(rows, parts, (done) => onProgress?.(chunks + done, total));
    await target.replace(embedded.rows, batch);
    chunks += embedded.chunks;
    cut += embedded.cut;
  }
  if (total > 0) onProgress?.(total, total);
  return { documents: changed.length + gone.length, chunks, cut };
}

async function embedRows(
  rows: readonly RawRow[],
  { embedder, signal }: CopyParts,
  onSlice: (done: number) => void,
) {
  const chunks = rows.filter(({ vector }) => vector !== null && vector !== undefined);
  const texts = chunks.map(({ context, text }) => `${context}\n${text}`);
  const vectors: Float32Array[] = [];
  while (vectors.length < texts.length) {
    throwIfAborted(signal, "re-embedding", "Call again: it goes on from where it stopped");
    onSlice(vectors.length);
    const slice = texts.slice(vectors.length, vectors.length + SLICE_TEXTS);
    vectors.push(...(await embedder.embed(slice, "passage", signal)));
  }
  const byRow = new Map(chunks.map((row, index) => [row, vectors[index] as Float32Array]));
  return {
    rows: rows.map((row) => ({ ...row, vector: byRow.get(row) ?? null })),
    chunks: chunks.length,
    cut: embedder.countTokens(texts).filter((tokens) => tokens > embedder.maxTokens).length,
  };
}

/** Each document's state, from the columns that tell of a change, whatever the order of its rows. */
async function statesOf(
  table: RawTable,
  signal: AbortSignal | undefined,
): Promise<Map<string, DocumentState>> {
  const columns = table.columns.filter((name) => !HEAVY_COLUMNS.has(name)).sort();
  const states = new Map<string, DocumentState>();
  for await (const rows of table.scan(columns)) {
    throwIfAborted(signal, "re-embedding", "Call again: it goes on from where it stopped");
    for (const row of rows) {
      const id = String(row.documentId);
      const state = states.get(id) ?? { rows: 0, chunks: 0, sum: 0n };
      const values = columns.map((name) => row[name]);
      const json = JSON.stringify(values, (_, value) => (typeof value === "bigint" ? String(value) : value));
      state.rows++;
      if (row.kind === "chunk") state.chunks++;
      state.sum = (state.sum + createHash("sha256").update(json).digest().readBigUInt64LE()) & MASK;
      states.set(id, state);
    }
  }
  return states;
}

function* batches(documents: readonly (readonly [string, DocumentState])[]): Generator<string[]> {
  let batch: string[] = [];
  let rows = 0;
  for (const [id, state] of documents) {
    batch.push(id);
    rows += state.rows;
    if (rows < COMMIT_ROWS && batch.length < COMMIT_DOCUMENTS) continue;
    yield batch;
    batch = [];
    rows = 0;
  }
  if (batch.length > 0) yield batch;
}
