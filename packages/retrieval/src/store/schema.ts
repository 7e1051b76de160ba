import type * as Arrow from "apache-arrow";

/**
 * A row of a tenant's table: a document's header (`id === documentId`, with the whole text) or one of its chunks. The
 * fields that filters and passages need stand in both. The table of its history holds the same rows, of former versions.
 */
export interface StoreRow {
  readonly id: string;
  /**
   * `gone`: emptied, about to be removed. Rows of a history say more: `horizon`, from when on it is whole; `erasing`, that
   * an erasure is not done. Every reader asks for the kind it means.
   */
  readonly kind: "document" | "chunk" | "gone" | "horizon" | "erasing";
  readonly documentId: string;
  readonly tenant: string;
  readonly source: string;
  readonly uri: string;
  readonly title: string;
  /** Of a former version: the roles of the document's rule of today; none when it was removed. */
  readonly roles: readonly string[];
  readonly version: string;
  /** Of a header: hash of the bytes and settings it was made from, so that an unchanged file is not read into blocks. */
  readonly fingerprint: string;
  readonly text: string;
  readonly ordinal: number;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly headings: readonly string[];
  /** Of a header: JSON. */
  readonly metadata: string;
  /** What filters ask of the metadata: see `facts.ts`. */
  readonly facts: readonly string[];
  /** Of a chunk: its text, indexed by stems. Null in a header, which then counts in no word statistics. */
  readonly terms: string | null;
  /** Of a chunk: its title and heading path, indexed by stems. */
  readonly context: string | null;
  /** Of a chunk: identifiers, unstemmed, separated by spaces. */
  readonly identifiers: string | null;
  readonly vector: Float32Array | null;
  /** Epoch milliseconds from which the version stood. */
  readonly validFrom: number;
  /** Of a former version: epoch milliseconds at which it was replaced or removed. */
  readonly validTo: number | null;
}

/** A row that holds nothing but what is given. */
export function rowOf(given: Pick<StoreRow, "id" | "kind" | "documentId"> & Partial<StoreRow>): StoreRow {
  return {
    tenant: "",
    source: "",
    uri: "",
    title: "",
    roles: [],
    version: "",
    fingerprint: "",
    text: "",
    ordinal: -1,
    startOffset: 0,
    endOffset: 0,
    headings: [],
    metadata: "",
    facts: [],
    terms: null,
    context: null,
    identifiers: null,
    vector: null,
    validFrom: 0,
    validTo: null,
    ...given,
  };
}

/** Columns that a passage is made of. */
export const PASSAGE_COLUMNS = [
  "id",
  "documentId",
  "source",
  "uri",
  "title",
  "version",
  "text",
  "ordinal",
  "startOffset",
  "endOffset",
  "headings",
  "validFrom",
  "validTo",
] as const;

/** When a row's version stood: what format 4 added to format 3. */
const VALIDITY = [
  ["validFrom", false],
  ["validTo", true],
] as const;

/** The Arrow schema of a tenant's table. */
export function storeSchema(arrow: typeof Arrow, dimensions: number): Arrow.Schema {
  const text = (name: string, nullable = false) => new arrow.Field(name, new arrow.Utf8(), nullable);
  const texts = (name: string) =>
    new arrow.Field(name, new arrow.List(new arrow.Field("item", new arrow.Utf8(), true)), false);
  const integer = (name: string) => new arrow.Field(name, new arrow.Int32(), false);
  const item = new arrow.Field("item", new arrow.Float32(), true);
  return new arrow.Schema([
    text("id"),
    text("kind"),
    text("documentId"),
    text("tenant"),
    text("source"),
    text("uri"),
    text("title"),
    texts("roles"),
    text("version"),
    text("fingerprint"),
    text("text"),
    integer("ordinal"),
    integer("startOffset"),
    integer("endOffset"),
    texts("headings"),
    text("metadata"),
    texts("facts"),
    text("terms", true),
    text("context", true),
    text("identifiers", true),
    new arrow.Field("vector", new arrow.FixedSizeList(dimensions, item), true),
    ...VALIDITY.map(([name, nullable]) => new arrow.Field(name, new arrow.Int64(), nullable)),
  ]);
}
