import { expect, test } from "vitest";
import { contentStem } from "./words.ts";

test("forms and synonyms of office prose have one stem; words that limit have their own", () => {
  const same = [
    ["employees", "staff", "colleague"],
    ["receives", "get", "obtained"],
    ["submitted", "handed", "filing"],
    ["fees", "price", "charged"],
    ["annually", "yearly", "years"],
    ["vacation", "holidays"],
  ];
  for (const words of same) expect(new Set(words.map(contentStem)).size, words.join(" ")).toBe(1);
  expect(contentStem("the")).toBeUndefined();
  for (const word of ["not", "only", "except", "until", "least"]) expect(contentStem(word)).toBe(word);
  expect(contentStem("customer")).not.toBe(contentStem("employee"));
});
