import type { Passage, PassageCopy } from "@advisor/contracts";
import type { Row } from "../store/lance.ts";
import { readPlace } from "../store/place-column.ts";

/** What a leg of a search found, best first. */
export interface Leg {
  readonly rows: readonly Row[];
  readonly elapsedMs: number;
}

/** A row of a leg as a passage. */
export function passageOf(row: Row, score: number, ranks: Passage["ranks"]): Passage {
  const place = readPlace(row);
  return {
    id: String(row.id),
    documentId: String(row.documentId),
    source: String(row.source),
    uri: String(row.uri),
    title: String(row.title),
    version: String(row.version),
    ...validity(row),
    text: String(row.text),
    ordinal: Number(row.ordinal),
    start: Number(row.startOffset),
    end: Number(row.endOffset),
    headings: (row.headings as readonly unknown[]).map(String),
    ...(place && { place }),
    score,
    ranks,
  };
}

/** When the row's version stood, as passages and documents say it. */
export function validity(row: Row): { validFrom: string; validTo?: string } {
  const iso = (epoch: unknown) => new Date(Number(epoch)).toISOString();
  return {
    validFrom: iso(row.validFrom),
    ...(typeof row.validTo === "number" && { validTo: iso(row.validTo) }),
  };
}

/** Where a row of a leg stands, for a passage that was left out. */
export function copyOf(row: Row): PassageCopy {
  const { id, documentId, uri, title, source, start, end, place } = passageOf(row, 0, {});
  return { id, documentId, uri, title, source, start, end, ...(place && { place }) };
}
