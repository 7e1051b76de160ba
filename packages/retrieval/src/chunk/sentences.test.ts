import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitSentences } from "./sentences.ts";

const split = (text: string) => splitSentences(text).map(({ start, end }) => text.slice(start, end));

describe("splitSentences", () => {
  test.each<[string, string[]]>([
    ["One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]],
    ["Dr. Smith met Mr. Jones. They spoke.", ["Dr. Smith met Mr. Jones.", "They spoke."]],
    [
      "It costs 3.50 EUR, e.g. in Berlin. See Fig. 3 now.",
      ["It costs 3.50 EUR, e.g. in Berlin.", "See Fig. 3 now."],
    ],
    [
      "He lives in the U.S. and works. It is No. 5 of 7.",
      ["He lives in the U.S. and works.", "It is No. 5 of 7."],
    ],
    [
      "Made by Acme Inc. The firm grew. J. R. Smith led it.",
      ["Made by Acme Inc.", "The firm grew.", "J. R. Smith led it."],
    ],
    [
      "It works from -20 to +50 °C. Accuracy is ±0.5 °C. Supply is 24 V. Each sensor draws 0.5 W. Cable is sold apart.",
      [
        "It works from -20 to +50 °C.",
        "Accuracy is ±0.5 °C.",
        "Supply is 24 V.",
        "Each sensor draws 0.5 W.",
        "Cable is sold apart.",
      ],
    ],
    [
      "In 1912 W. Bragg met J. Smith of the U.S. Army. George W. Bush left.",
      ["In 1912 W. Bragg met J. Smith of the U.S. Army.", "George W. Bush left."],
    ],
    ["The meeting is at 5 p.m. The door closes.", ["The meeting is at 5 p.m.", "The door closes."]],
    ['She said "Stop." Then he left.', ['She said "Stop."', "Then he left."]],
    ['"Really?" he asked. (Yes.) He went.', ['"Really?" he asked.', "(Yes.)", "He went."]],
    ["Wait... what? Well... Fine.", ["Wait... what?", "Well...", "Fine."]],
    ["Pay in 14 days.[1] Then ship.[^a] Done.", ["Pay in 14 days.[1]", "Then ship.[^a]", "Done."]],
    ["これは一文です。これは二文です！終わり", ["これは一文です。", "これは二文です！", "終わり"]],
    [
      "Use **this.** Then `that.` Now v1.2.3 is out. iOS runs.",
      ["Use **this.**", "Then `that.`", "Now v1.2.3 is out.", "iOS runs."],
    ],
    ["A sentence\nover two lines. Another\r\none.", ["A sentence\nover two lines.", "Another\r\none."]],
    ["# Title #\n\nText here.\n## Next\nMore.", ["Title", "Text here.", "Next", "More."]],
    [
      "Intro:\n- one thing\n- [x] two things. Really.\n  and more\n1. third",
      ["Intro:", "one thing", "two things.", "Really.\n  and more", "third"],
    ],
    [
      "| Plan | Price |\n|------|------:|\n| Pro | 10. EUR |\n\nAfter.",
      ["Plan | Price", "Pro | 10. EUR", "After."],
    ],
    ["```js\nlet a = 1;\n\n# no heading\n```\nAfter.", ["let a = 1;", "# no heading", "After."]],
    ["> Quoted one. Quoted\n> two.\n\n---\nEnd", ["Quoted one.", "Quoted\n> two.", "End"]],
    ["Setext\n======\nBody.", ["Setext", "Body."]],
    ["It began in\n1999. That was late.", ["It began in\n1999.", "That was late."]],
    ["Phone 123  \nMail x@y.z\\\nRoom 4", ["Phone 123", "Mail x@y.z", "Room 4"]],
    ["\ufeffFirst. Second.", ["First.", "Second."]],
    ["", []],
    [" \n\t\n ", []],
    ["...", ["..."]],
  ])("%j", (text, expected) => {
    expect(split(text)).toEqual(expected);
  });

  test("spans are ordered, apart, trimmed, and no word is lost", () => {
    const piece = fc.constantFrom(
      "word",
      "Word",
      " ",
      "  ",
      "\n",
      "\n\n",
      ". ",
      "! ",
      "? ",
      "...",
      "e.g. ",
      "Dr. ",
      "# ",
      "- ",
      "1. ",
      "> ",
      "| ",
      "|---|",
      "```\n",
      "~~~\n",
      "**",
      "_",
      "`",
      "[1]",
      '"',
      "(",
      ")",
      "。",
      "👍",
      "\ud800",
      "\r\n",
      "\\\n",
      "\t",
      "9",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 60 }).map((p) => p.join("")),
          fc.string({ unit: "binary" }),
        ),
        (text) => {
          let last = 0;
          let outside = "";
          for (const { start, end } of splitSentences(text)) {
            expect(start).toBeGreaterThanOrEqual(last);
            expect(end).toBeGreaterThan(start);
            const sentence = text.slice(start, end);
            expect(sentence).toBe(sentence.trim());
            outside += text.slice(last, start);
            last = end;
          }
          outside += text.slice(last);
          // Only white space and Markdown's own marks (fences with their info, list numbers) lie outside.
          const rest = outside.replace(
            /^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*[ \t>]*(?:```|~~~)[^\n]*$/gmu,
            "",
          );
          expect(rest).not.toMatch(/[\p{L}👍]/u);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("is linear: a megabyte of hostile text takes no more than seconds", () => {
    for (const seed of ["a. ", "(".repeat(50), ".", "[1]", "*", "- ", "> ", "```", "|", "e.g."]) {
      const text = seed.repeat(Math.ceil(300_000 / seed.length));
      const before = performance.now();
      splitSentences(text);
      expect(performance.now() - before).toBeLessThan(15_000);
    }
  });
});
