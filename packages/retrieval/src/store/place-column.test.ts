import { expect, test } from "vitest";
import { readPlace, writePlace } from "./place-column.ts";

test("a place comes back as it was written; a chunk without one, or of before places were, has none", () => {
  const place = { unit: "row", first: 7, last: 12 } as const;
  expect(readPlace({ metadata: writePlace(place) })).toEqual(place);
  expect(readPlace({ metadata: writePlace(undefined) })).toBeUndefined();
  expect(readPlace({})).toBeUndefined();
});
