import { z } from "zod";
import { MAX_URI_LENGTH } from "./document.ts";

/** Milliseconds of each unit of a {@link KeepVersions} time. A year is 365 days. */
const UNITS = { h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const;

/**
 * How long a store keeps what its documents said before they were changed or removed: `none`, `forever`, or a time after
 * which a former version goes, such as `12h`, `30d`, `8w` or `1y`.
 */
export type KeepVersions = "none" | "forever" | `${number}${keyof typeof UNITS}`;

/** A whole number up to 99,999 and its unit: 273 years at most in days. */
export const keepVersionsSchema = z.custom<KeepVersions>(
  (value) => typeof value === "string" && /^(?:none|forever|[1-9]\d{0,4}[hdwy])$/.test(value),
  "must be none, forever, or a whole number with h, d, w or y behind it, such as 30d",
);

/** The time as milliseconds: 0 for `none`, infinite for `forever`. */
export function keepVersionsMs(keep: KeepVersions): number {
  if (keep === "none") return 0;
  if (keep === "forever") return Number.POSITIVE_INFINITY;
  return Number.parseInt(keep, 10) * UNITS[keep.at(-1) as keyof typeof UNITS];
}

/**
 * An instant as a caller states it: a Date, or ISO 8601 text with its offset (`2026-03-01T09:00:00Z`). A date alone means
 * its beginning in UTC. Parsed, it is a Date.
 */
export const instantSchema = z
  .union([z.date(), z.iso.datetime({ offset: true }), z.iso.date()], {
    error:
      "must be a Date, a date such as 2026-03-01, or a time with its offset such as 2026-03-01T09:00:00Z",
  })
  .transform((value) => new Date(value));
/** An instant as a caller states it: a Date or ISO 8601 text. */
export type Instant = z.input<typeof instantSchema>;

const text = z
  .string()
  .min(1)
  .max(MAX_URI_LENGTH)
  .refine((value) => !/\p{Cs}/u.test(value));

/** Names documents by id, or by uri, of one source or of all that have the uri. */
export const documentReferenceSchema = z.union(
  [z.strictObject({ documentId: text }), z.strictObject({ uri: text, source: text.optional() })],
  { error: "must be {documentId}, {uri} or {uri, source}" },
);
/** Names documents by id, or by uri, of one source or of all that have the uri. */
export type DocumentReference = z.infer<typeof documentReferenceSchema>;

/** One state of a document, and when it stood. */
export interface DocumentVersion {
  readonly documentId: string;
  readonly uri: string;
  readonly source: string;
  readonly title: string;
  /** As a citation names it. */
  readonly version: string;
  /** ISO 8601 instant from which it stood. */
  readonly validFrom: string;
  /** ISO 8601 instant at which it was replaced or removed. Absent: it stands now. */
  readonly validTo?: string;
  readonly chunks: number;
}
