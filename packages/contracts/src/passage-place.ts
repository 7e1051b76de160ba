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

/** The place that reaches over all of these; undefined for none, or when they have no unit in common. */
export function joinPlaces(places: readonly PassagePlace[]): PassagePlace | undefined {
  const [one] = places;
  if (!one || places.some(({ unit }) => unit !== one.unit)) return undefined;
  return {
    unit: one.unit,
    first: Math.min(...places.map(({ first }) => first)),
    last: Math.max(...places.map(({ last }) => last)),
  };
}

/** The place of a stretch of a passage's text, by offsets into its document. */
export function placeWithin(
  {
    place,
    places,
  }: {
    readonly place?: PassagePlace;
    readonly places?: readonly (PassagePlace & { readonly start: number })[];
  },
  start: number,
  end: number,
): PassagePlace | undefined {
  if (!places) return place;
  return joinPlaces(
    places.filter(
      (each, i) => each.start < end && (places[i + 1]?.start ?? Number.POSITIVE_INFINITY) > start,
    ),
  );
}
