import type { PassagePlace } from "@advisor/contracts";
import type { Row } from "./rows.ts";

/**
 * A chunk's place stands in the column that holds a header's metadata: it is the chunk's own, and every store has the column.
 * Empty for a chunk without a place, and for those that were stored before places were.
 */
export function writePlace(place: PassagePlace | undefined): string {
  return place ? JSON.stringify(place) : "";
}

/** The place of a chunk's row. */
export function readPlace({ metadata }: Row): PassagePlace | undefined {
  return typeof metadata === "string" && metadata !== "" ? JSON.parse(metadata) : undefined;
}
