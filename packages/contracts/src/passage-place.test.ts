import { expect, test } from "vitest";
import { joinPlaces, type PassagePlace, placeWithin, placeWords } from "./passage-place.ts";

const rows = (first: number, last: number): PassagePlace => ({ unit: "row", first, last });

test("says a place in words", () => {
  expect(placeWords({ unit: "page", first: 3, last: 3 })).toBe("page 3");
  expect(placeWords(rows(7, 12))).toBe("rows 7–12");
});

test("joins places of one unit, in any order", () => {
  expect(joinPlaces([rows(7, 8), rows(2, 3)])).toEqual(rows(2, 8));
  expect(joinPlaces([rows(2, 9), rows(3, 4)])).toEqual(rows(2, 9));
  expect(joinPlaces([rows(2, 3), { unit: "page", first: 1, last: 1 }])).toBeUndefined();
  expect(joinPlaces([])).toBeUndefined();
});

test("a stretch of a widened passage has the place of its own chunks", () => {
  const place = rows(2, 9);
  const wide = { place, places: [0, 100, 200].map((start, i) => ({ ...rows(2 + i, 2 + i), start })) };
  expect(placeWithin(wide, 10, 90)).toEqual(rows(2, 2));
  expect(placeWithin(wide, 100, 200)).toEqual(rows(3, 3));
  expect(placeWithin(wide, 99, 101)).toEqual(rows(2, 3));
  expect(placeWithin(wide, 250, 300)).toEqual(rows(4, 4));
  expect(placeWithin({ place }, 10, 90)).toEqual(place);
  expect(placeWithin({}, 10, 90)).toBeUndefined();
});
