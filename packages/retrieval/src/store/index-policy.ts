/**
 * Up to this many rows the keyword indexes are made anew after each writing call, some 0.2 s at the limit, and filters read
 * the rows themselves.
 */
const SMALL_ROWS = 10_000;
/** A table of more pieces than this is compacted, which rewrites it. */
const MAX_FRAGMENTS = 24;
/** Share of the rows that may wait outside the indexes of a larger table. */
const MAX_UNINDEXED_SHARE = 0.05;
/** A vector index is trained anew when the table has grown by this factor: its partitions fit the rows it was trained on. */
const RETRAIN_GROWTH = 2;
/** An index is dropped when the table has shrunk below this share of the limit, so that it does not come and go. */
const DROP_SHARE = 0.5;
/**
 * Up to this many rows every vector is compared. An approximate index answers as fast from some 20,000 on, but takes some
 * 20 s of processor time to train: measured, see docs/retrieval.md.
 */
const EXACT_SEARCH_ROWS = 50_000;
/** Rows of a partition: all are searched, so their number matters little to a search; training grows with it. */
const PARTITION_ROWS = 4096;
/** Numbers of a vector that one byte of the index stands for, in a small index and in one trained on many rows. */
const NUMBERS_PER_BYTE = { few: 8, many: 4 };
/**
 * With eight numbers a byte, ten times the wanted rows held 0.998 of the nearest among 100,000 rows and half of them among
 * a million; with four, 0.96 there. Training takes twice as long.
 */
const MANY_ROWS = 100_000;
/** Product quantization learns 256 values a byte, and cannot from fewer rows. */
const MIN_TRAINING_ROWS = 256;

/** What is known of a table. */
export interface TableState {
  readonly rows: number;
  /** Rows that wait outside the keyword indexes. */
  readonly unindexed: number;
  readonly fragments: number;
  /** Whether the columns that filters name have an index. */
  readonly filterIndexes: boolean;
  /** Rows the vector index was trained on; undefined when there is none. */
  readonly trainedRows: number | undefined;
}

/** What to do, in this order. */
export interface MaintenancePlan {
  /** Make the keyword indexes anew, with the word statistics of what is stored now. */
  readonly rebuildKeywords: boolean;
  /** Compact, drop old versions, and take waiting rows into the indexes. */
  readonly optimize: boolean;
  readonly makeFilterIndexes: boolean;
  readonly vectorIndex: "keep" | "train" | "drop";
}

export interface IndexPolicy {
  /** Up to this many rows every vector is compared. */
  readonly exactSearchRows: number;
  /** Up to this many rows a table is small. */
  readonly smallRows: number;
}
export const DEFAULT_INDEX_POLICY: IndexPolicy = {
  exactSearchRows: EXACT_SEARCH_ROWS,
  smallRows: SMALL_ROWS,
};

/**
 * What a table needs after a writing call. `changed` is false when nothing was written: then only what a killed writer left
 * undone is made good. With `all`, everything that serves a search is done, whatever it costs.
 */
export function planMaintenance(
  state: TableState,
  { exactSearchRows, smallRows }: IndexPolicy,
  { changed, all = false }: { readonly changed: boolean; readonly all?: boolean },
): MaintenancePlan {
  const { rows, fragments, trainedRows } = state;
  const small = rows <= smallRows;
  const rebuildKeywords = all || (small && (changed || state.unindexed > 0));
  const unindexed = rebuildKeywords ? 0 : state.unindexed;
  const approximate = rows > Math.max(exactSearchRows, MIN_TRAINING_ROWS);
  const outgrown = trainedRows === undefined || rows >= trainedRows * RETRAIN_GROWTH;
  const shrunk = rows < exactSearchRows * DROP_SHARE || rows <= MIN_TRAINING_ROWS;
  return {
    rebuildKeywords,
    optimize: all || fragments > MAX_FRAGMENTS || unindexed > rows * MAX_UNINDEXED_SHARE,
    makeFilterIndexes: !small && !state.filterIndexes,
    vectorIndex: approximate && outgrown ? "train" : trainedRows !== undefined && shrunk ? "drop" : "keep",
  };
}

/** Settings of an IVF_PQ index on so many vectors of this length (Jégou, Douze and Schmid, 2011). */
export function vectorIndexSettings(
  rows: number,
  dimensions: number,
): { readonly numPartitions: number; readonly numSubVectors: number } {
  const numbers = rows < MANY_ROWS ? NUMBERS_PER_BYTE.few : NUMBERS_PER_BYTE.many;
  let numSubVectors = Math.max(1, Math.floor(dimensions / numbers));
  while (dimensions % numSubVectors !== 0) numSubVectors--;
  return { numPartitions: Math.max(1, Math.round(rows / PARTITION_ROWS)), numSubVectors };
}
