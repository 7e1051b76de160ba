/**
 * Where in its file a passage stands, as a person finds it: the pages of a PDF, the rows of a table as a spreadsheet numbers
 * them, the lines of a JSONL file. Numbers are from 1, both ends included.
 */
export interface PassagePlace {
  readonly unit: "page" | "row" | "line";
  readonly first: number;
  readonly last: number;
}

/** The place in words, such as `page 3` or `rows 7–12`. */
export function placeWords({ unit, first, last }: PassagePlace): string {
  return first === last ? `${unit} ${first}` : `${unit}s ${first}–${last}`;
}

/** The place that reaches from one to the other; undefined when they have no unit in common. */
export function joinPlaces(
  a: PassagePlace | undefined,
  b: PassagePlace | undefined,
): PassagePlace | undefined {
  if (a?.unit !== b?.unit || !a || !b) return undefined;
  return { unit: a.unit, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}
