import fc from "fast-check";
import { expect, test } from "vitest";
import { foldCopies } from "./copies.ts";

const fold = (...texts: string[]) =>
  foldCopies(texts, (text) => text).map(({ item, copies }) => [
    texts.indexOf(item),
    copies.map((copy) => texts.lastIndexOf(copy)),
  ]);
const text =
  "Every employee of the company gets 27 working days of paid leave a year, and five more from the age of 60 on. Unused days may not be carried over without the consent of the manager.";

test("a copy in other markup, and one that is part of the earlier, are folded into it", () => {
  const marked = `**${text.replaceAll(" ", "\n")}**`;
  const part = text.slice(0, text.indexOf(" Unused"));
  expect(fold(text, "Something else.", marked, part)).toEqual([
    [0, [2, 3]],
    [1, []],
  ]);
});

test("whoever says more, or something else, stays", () => {
  const changed = [
    `${text} Ask early.`,
    text.replace("27", "25"),
    text.replace("27", "60").replace("of 60", "of 27"),
    text.replace("may not be", "may be"),
    text.replace("without the consent", "with the consent"),
    text.replace("company", "subsidiary"),
  ];
  for (const other of changed)
    expect(fold(text, other), other).toEqual([
      [0, []],
      [1, []],
    ]);
});

test("what negates in one place does not stand for another", () => {
  const one =
    "You may not enter the hall at night, and you may park on the yard at any hour of the day or week.";
  const two =
    "You may enter the hall at night, and you may not park on the yard at any hour of the day or week.";
  expect(fold(one, two)).toEqual([
    [0, []],
    [1, []],
  ]);
});

test("short passages are never folded", () => {
  expect(fold("Not available.", "Not available.", "")).toHaveLength(3);
});

test("nothing is lost or doubled, the order stays, and every word of a copy stands in its keeper", () => {
  const word = fc.constantFrom("a", "b", "c", "not", "7", "d");
  const passage = fc.array(word, { maxLength: 30 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(fc.array(passage, { maxLength: 12 }), (passages) => {
      const items = passages.map((each, index) => ({ text: each, index }));
      const folded = foldCopies(items, (item) => item.text);
      const all = folded.flatMap(({ item, copies }) => [item, ...copies]).map(({ index }) => index);
      expect([...all].sort((a, b) => a - b)).toEqual(items.map(({ index }) => index));
      const kept = folded.map(({ item }) => item.index);
      expect(kept).toEqual([...kept].sort((a, b) => a - b));
      for (const { item, copies } of folded) {
        for (const copy of copies) {
          expect(copy.index).toBeGreaterThan(item.index);
          expect(copy.text.split(" ").every((each) => item.text.split(" ").includes(each))).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});
