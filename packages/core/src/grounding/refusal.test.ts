import { expect, test } from "vitest";
import { isRefusal } from "./refusal.ts";

const format = { refusal: "The sources do not answer this." };

test.each([
  ["The sources do not answer this.", true],
  ["the sources  do not answer this", true],
  ["Sorry: The sources do not answer this. Ask me something else!", true],
  ["Leave is 25 days. [1]", false],
  ["Leave is 25 days [1]. The sources do not answer this about Sweden.", false],
  ["The sources answer this.", false],
  ["", false],
])("%j", (text, expected) => {
  expect(isRefusal(text, format)).toBe(expected);
});
