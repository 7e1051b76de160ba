import fc from "fast-check";
import { expect, test } from "vitest";
import { relatedWords } from "./related-words.ts";

test("a word brings in what others call the thing, whatever its ending", () => {
  expect(relatedWords("How many vacations?")).toEqual(["holiday", "leave", "absence"]);
  for (const form of ["cancel", "Cancels", "cancelled", "cancelling"]) {
    expect(relatedWords(form)).toContain("abort");
  }
  expect(relatedWords("retries, tries")).toContain("test");
  expect(relatedWords("erased")).toContain("delete");
  expect(relatedWords("zebra E-4012 été")).toEqual([]);
});

test("never a word of the question, in whatever form it stands there, and none twice", () => {
  expect(relatedWords("holidays and vacations")).toEqual(["leave", "absence"]);
  const words = fc.array(
    fc.constantFrom("pay", "salaries", "holiday", "works", "ill", "x", "Σ", "constructor"),
  );
  fc.assert(
    fc.property(words, (question) => {
      const related = relatedWords(question.join(" "));
      expect(new Set(related).size).toBe(related.length);
      for (const word of question) expect(related).not.toContain(word);
    }),
  );
});

test("a long question brings in no more than its limit", () => {
  const all =
    "price pay vacation sick job boss office travel computer password stop start limit measure rule lose";
  expect(relatedWords(all)).toHaveLength(64);
});
