import { expect, test } from "vitest";
import { createWordForms } from "./word-forms.ts";

test("a reading that fills the memory takes no words from one under way", async () => {
  const tokenize = async (text: string) =>
    text.split(" ").map((word, position) => ({ text: word, position }));
  const words = createWordForms({ tokenize }, 3);
  await words.read(["known"], "identifiers");
  const [few, many] = await Promise.all([
    words.read(["known fresh"], "identifiers"),
    words.read(["three other words"], "identifiers"),
  ]);
  expect(few).toEqual([["known", "fresh"]]);
  expect(many).toEqual([["three", "other", "words"]]);
});
