import { z } from "zod";
import { type Access, MAX_ROLES, roleSchema } from "./access.ts";
import type { PassagePlace } from "./passage-place.ts";

/** Limit on one document's extracted text: 16 Mi UTF-16 units. Larger files are reported and left out. */
export const MAX_DOCUMENT_LENGTH = 16 * 1024 * 1024;
/** Limit on a uri: a path that a file system can hold. */
export const MAX_URI_LENGTH = 4096;
/** Limits on free metadata, so that a page cannot swell the store or every prompt. */
export const MAX_METADATA_KEYS = 64;
/** Limit on one text of free metadata, in UTF-16 units. */
export const MAX_METADATA_VALUE_LENGTH = 4096;

/** Limit on the items of one list of free metadata. */
export const MAX_METADATA_ITEMS = 64;

const metadataItem = z.union([z.string().max(MAX_METADATA_VALUE_LENGTH), z.number(), z.boolean()]);

/** Free, typed facts about a document, which a search can be filtered by. Numbers are finite. */
export const metadataSchema = z
  .record(
    z.string().min(1).max(128),
    z.union([metadataItem, z.null(), z.array(metadataItem).max(MAX_METADATA_ITEMS).readonly()], {
      error: `must be a text of at most ${MAX_METADATA_VALUE_LENGTH} characters, a finite number, true, false, null, or a list of at most ${MAX_METADATA_ITEMS} of them`,
    }),
  )
  .refine((record) => Object.keys(record).length <= MAX_METADATA_KEYS, `at most ${MAX_METADATA_KEYS} keys`);
/** Free facts about a document, by name. */
export type Metadata = z.infer<typeof metadataSchema>;

/** Formats of text that are read. `text/x-source-code` is any programming or configuration language: the uri's ending tells which. */
export const mediaTypeSchema = z.enum([
  "text/markdown",
  "text/plain",
  "text/html",
  "text/csv",
  "text/tab-separated-values",
  "application/x-ndjson",
  "text/x-source-code",
]);
/** The kind of a source. */
export type MediaType = z.infer<typeof mediaTypeSchema>;

/**
 * A document handed over in code.
 *
 * `text` is the source in `mediaType` (default `text/markdown`). Markdown front matter is read exactly as in a synced
 * file; fields given here win over it.
 */
export const documentInputSchema = z.strictObject({
  uri: z.string().min(1).max(MAX_URI_LENGTH),
  text: z.string().max(MAX_DOCUMENT_LENGTH),
  mediaType: mediaTypeSchema.optional(),
  title: z.string().min(1).max(1024).optional(),
  /** Who may read it. Absent: front matter decides, else the call's default roles, else administrators alone. */
  roles: z.array(roleSchema).max(MAX_ROLES).optional(),
  metadata: metadataSchema.optional(),
});
/** A document handed over in code, as {@link documentInputSchema} takes it. */
export type DocumentInput = z.input<typeof documentInputSchema>;

/** A document as stored. */
export interface Document {
  /** Stable for a tenant, source and uri. */
  readonly id: string;
  /** Path relative to the synced folder with forward slashes, or the uri given to `upsert`. */
  readonly uri: string;
  readonly title: string;
  /**
   * The extracted text, to which all offsets refer, in UTF-16 units. For Markdown, plain text, tables, JSONL and source
   * code it is the file as written (front matter and any byte-order mark included), so offsets hold in the file too; for
   * HTML and DOCX it is the visible text, for PDF the text of its pages.
   */
  readonly text: string;
  readonly access: Access;
  readonly metadata: Metadata;
  /** Hash of text, title, metadata, access and the extractor's and chunker's settings: a changed rule is a new version. */
  readonly version: string;
  /** Where it came from: the synced folder's real path, a name given to `sync`, or `upsert`. */
  readonly source: string;
}

/** A piece of a document, as indexed. `document.text.slice(start, end) === chunk.text`, always. */
export interface Chunk {
  /** Hash of document id, offsets and content. */
  readonly id: string;
  readonly documentId: string;
  /** Position among the document's chunks, from 0. */
  readonly ordinal: number;
  readonly text: string;
  /** UTF-16 offsets into the document's extracted text. */
  readonly start: number;
  readonly end: number;
  /** The headings above it, outermost first. */
  readonly headings: readonly string[];
  /** The page of a PDF, or the rows or lines of records, that it stands in. Absent in other formats. */
  readonly place?: PassagePlace;
}
