import { expect, test } from "vitest";
import { joinPlaces, type PassagePlace, placeWords } from "./passage-place.ts";

const rows = (first: number, last: number): PassagePlace => ({ unit: "row", first, last });

test("says a place in words", () => {
  expect(placeWords({ unit: "page", first: 3, last: 3 })).toBe("page 3");
  expect(placeWords(rows(7, 12))).toBe("rows 7–12");
});

test("joins places of one unit, whichever comes first", () => {
  expect(joinPlaces(rows(7, 8), rows(2, 3))).toEqual(rows(2, 8));
  expect(joinPlaces(rows(2, 9), rows(3, 4))).toEqual(rows(2, 9));
  expect(joinPlaces(rows(2, 3), { unit: "page", first: 1, last: 1 })).toBeUndefined();
  expect(joinPlaces(rows(2, 3), undefined)).toBeUndefined();
  expect(joinPlaces(undefined, undefined)).toBeUndefined();
});
