import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { passage } from "../../test/passage.ts";
import { readCandidates } from "./candidates.ts";

describe("readCandidates", () => {
  test("tells prose, items, rows, code and headings apart, and keeps a row's column names", () => {
    const text = [
      "# Prices",
      "",
      "Two plans. All *without* tax.",
      "",
      "| Plan | Price |",
      "| --- | ---: |",
      "| Basic | €5 |",
      "| Pro | €9 |",
      "",
      "- cancel any time",
      "1. write to us",
      "",
      "```toml",
      "port = 8080",
      "```",
      "",
      "| alone | row |",
    ].join("\n");
    const read = readCandidates([passage(text)]);
    expect(read.map(({ kind, text: slice, columns }) => [kind, slice, columns])).toEqual([
      ["heading", "Prices", ""],
      ["prose", "Two plans.", ""],
      ["prose", "All *without* tax.", ""],
      ["row", "Basic | €5", "Plan | Price"],
      ["row", "Pro | €9", "Plan | Price"],
      ["item", "cancel any time", ""],
      ["item", "write to us", ""],
      ["code", "port = 8080", ""],
      ["row", "alone | row", ""],
    ]);
  });

  test("offsets are the document's, and text is its exact slice", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({
            unit: fc.constantFrom("a", "B", ". ", "\n", "|", "-", "# ", "`", " ", "é", "😀"),
            maxLength: 80,
          }),
        ),
        fc.nat(10_000),
        (texts, start) => {
          const passages = texts.map((text) => passage(text, 0, { start }));
          for (const { passageIndex, start: from, end, text } of readCandidates(passages)) {
            expect(texts[passageIndex]?.slice(from - start, end - start)).toBe(text);
            expect(text.trim()).not.toBe("");
          }
        },
      ),
    );
  });

  test("text without full stops is no sentence", () => {
    expect(readCandidates([passage("word ".repeat(1000))])).toEqual([]);
  });
});
