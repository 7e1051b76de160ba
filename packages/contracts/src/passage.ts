import type { Chunk } from "./document.ts";
import type { PassagePlace } from "./passage-place.ts";

/** Where another passage says the same. */
export type PassageCopy = Pick<
  Passage,
  "id" | "documentId" | "uri" | "title" | "source" | "start" | "end" | "place"
>;

/** A chunk as retrieved: permitted to the principal, and scored. `document.text.slice(start, end) === text`. */
export interface Passage extends Chunk {
  readonly uri: string;
  readonly title: string;
  /** The document's version that was searched. */
  readonly version: string;
  /** ISO 8601 instant from which that version stood. Absent from a retriever that keeps no history. */
  readonly validFrom?: string;
  /** ISO 8601 instant at which that version was replaced or removed. Absent: it stood when it was searched. */
  readonly validTo?: string;
  readonly source: string;
  /** Derived from ranks alone, in (0, 1], falling with the position: raw scores would tell of pages one may not read. */
  readonly score: number;
  /** 1-based rank on each leg that found it, and by the reranker when there is one. */
  readonly ranks: { readonly vector?: number; readonly keyword?: number; readonly rerank?: number };
  /** Where it was widened to its neighbours: the offsets of the chunk that was found. */
  readonly found?: { readonly start: number; readonly end: number };
  /** Where it was widened and its chunks have places: from which offset on each holds, in order. */
  readonly places?: readonly (PassagePlace & { readonly start: number })[];
  /** Other passages that the principal may read and that only repeat this one: they were left out. Absent when none. */
  readonly copies?: readonly PassageCopy[];
}
