import type { PreparedDocument } from "./prepare.ts";

/** Most rows of a commit: at 450 characters a passage some 15 MB with its vectors. */
const MAX_ROWS = 4096;
/** Fewest rows: a commit costs some 10 ms. */
const MIN_ROWS = 128;
/** Rows of the first commits, while the embedder's speed is not known. */
const FIRST_ROWS = 256;
/** Most characters of extracted text in a commit, one long document aside. */
const MAX_LENGTH = 8 * 1024 * 1024;
/** How long embedding one batch should take at most: a kill loses no more work than that, and a batch. */
const EMBED_MS = 5_000;

/** Whole documents that are written in one commit. */
export interface DocumentBatch {
  readonly documents: readonly PreparedDocument[];
  readonly ids: readonly string[];
  /** Header rows and chunk rows. */
  readonly rows: number;
  /** UTF-16 units of extracted text. */
  readonly length: number;
  /** Whether none of them was stored before. */
  readonly isNew: boolean;
  has(id: string): boolean;
  add(document: PreparedDocument, isNew: boolean): void;
}

export function createDocumentBatch(): DocumentBatch {
  const documents = new Map<string, PreparedDocument>();
  let rows = 0;
  let length = 0;
  let allNew = true;
  return {
    get documents() {
      return [...documents.values()];
    },
    get ids() {
      return [...documents.keys()];
    },
    get rows() {
      return rows;
    },
    get length() {
      return length;
    },
    get isNew() {
      return allNew;
    },
    has: (id) => documents.has(id),
    add(document, isNew) {
      documents.set(document.id, document);
      rows += 1 + document.rowCount;
      length += document.length;
      allNew &&= isNew;
    },
  };
}

/** When a batch is full: by rows and characters, which bound memory, and by how long its texts take to embed. */
export interface BatchLimits {
  full(batch: DocumentBatch): boolean;
  /** Tells how long so many texts took. */
  measured(texts: number, elapsedMs: number): void;
}

export function createBatchLimits(): BatchLimits {
  let rows = FIRST_ROWS;
  return {
    full: (batch) => batch.rows >= rows || batch.length >= MAX_LENGTH,
    measured(texts, elapsedMs) {
      if (texts === 0) return;
      const fit = EMBED_MS / Math.max(elapsedMs / texts, 1e-3);
      rows = Math.floor(Math.min(MAX_ROWS, Math.max(MIN_ROWS, fit)));
    },
  };
}
