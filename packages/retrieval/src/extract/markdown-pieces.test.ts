import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdownBlocks } from "./markdown.ts";
import { markdownPieces } from "./markdown-pieces.ts";

/** Whoever wants the trees has every part parsed whole. */
const parsedWhole = (text: string) => markdownBlocks(text, 0, () => {});

const STARTS = [
  ...["", "", "", "", " ", "  ", "   ", "    ", "\t", "> ", ">", "# ", "## ", "####### ", "#"],
  ...["- ", "-", "* ", "*", "+ ", "1. ", "2. ", "3) ", "1) ", "10. ", "-     ", "1.\t", "  - ", "   1. "],
  ...["```", "~~~", "````", "  ```", "<div>", "<!-- ", "-->", "<script>", "</script>", "<?", "<b>", "</div>"],
  ...["[a]: ", "[a]", "[a", "![", "**", "__", "***", "---", "===", "--", "=", "|", "| a | b |", "| - | - |"],
  ...[
    "- | -",
    "a | b",
    ":-",
    "- - ",
    "- # ",
    "- > ",
    "> - ",
    "- ```",
    "\\",
    "&amp;",
    "\ufeff",
    "\u00a0",
    "\f",
  ],
];
const WORDS = [
  ...["", "", "text", "one two.", "A *b* `c`.", "[a](b)", "[a]", "[a]: /u", "]: x", "a | b", "**b** &amp; c"],
  ...[
    "# b #",
    "x_y_z",
    "`open",
    "<b>x</b>",
    "\\# d",
    "```",
    "---",
    "1. a",
    "é",
    "\u00a0",
    "\f",
    "  ",
    "!x",
    "~~~",
  ],
];
const line = fc
  .tuple(fc.constantFrom(...STARTS), fc.constantFrom(...WORDS), fc.constantFrom("", "", "", " ", "  ", "\t"))
  .map((parts) => parts.join(""));
const page = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\n", "\n\n", "\n\n", "\r\n", "\r\n\r\n", "\n \n", "\r")), {
    maxLength: 12,
  })
  .map((lines) => lines.flat().join(""));

describe("markdownPieces", () => {
  it("give the blocks that the parser gives", () => {
    fc.assert(
      fc.property(page, (text) => {
        expect(markdownBlocks(text, 0)).toEqual(parsedWhole(text));
      }),
      { numRuns: 1_500 },
    );
  }, 60_000);

  it("give those of a list behind indented code whose item holds an empty one", () => {
    for (const text of ["\t!x\n\n- - \n", "\tx\n\n- -\n\nText.\n", "\tx\n\n* \n- a\n"]) {
      expect(markdownBlocks(text, 0)).toEqual(parsedWhole(text));
    }
  });

  it("give the blocks of this repository's own pages", () => {
    const root = new URL("../../../../", import.meta.url).pathname;
    const pages = ["docs", "examples/handbook"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".md"))
        .map((name) => join(root, folder, name)),
    );
    expect(pages.length).toBeGreaterThan(20);
    for (const path of pages) {
      const text = readFileSync(path, "utf8");
      expect(markdownBlocks(text, 0), path).toEqual(parsedWhole(text));
    }
  });

  it("lie in order, do not overlap, and leave out nothing but white space", () => {
    fc.assert(
      fc.property(page, (text) => {
        let at = 0;
        for (const { start, end } of markdownPieces(text, 0, text.length)) {
          expect(text.slice(at, start).trim()).toBe("");
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(text.slice(at).trim()).toBe("");
      }),
    );
  });

  it("leave little of an ordinary page to the parser", () => {
    const text =
      "# A *title*\n\nOne. Two.\nThree.\n\n- a\n- b\n  goes on\n\n1. c\n2. d\n\n```js\n\nx\n```\n\nLast.\n";
    const kinds = [...markdownPieces(text, 0, text.length)].map(({ kind }) => kind);
    expect(kinds).toEqual(["heading", ...new Array(5).fill("prose"), "code", "prose"]);
  });
});
