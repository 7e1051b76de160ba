import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SourcePiece, sourcePieces } from "./source-pieces.ts";

const textOf = (pieces: readonly SourcePiece[]) => pieces.map(({ text }) => text).join("");

const page = `---
title: A
roles: [hr]
---
# Heading

Prose with --- in it.

| a | b |
| - | - |

\`\`\`sh
# not a heading
\`\`\`
The end.`;

describe("sourcePieces", () => {
  it("knows front matter, headings, tables and code by their lines", () => {
    const kinds = new Map(sourcePieces(page).after.map(({ kind, text }) => [kind, text]));
    expect(kinds.get("matter")).toBe("---\ntitle: A\nroles: [hr]\n---\n");
    expect(kinds.get("heading")).toBe("# Heading\n");
    expect(
      sourcePieces(page)
        .after.filter(({ kind }) => kind === "fixed")
        .map(({ text }) => text),
    ).toEqual(["| a | b |\n| - | - |\n", "```sh\n# not a heading\n```\n"]);
    expect(kinds.get("prose")).toBe("The end.");
  });

  it("cuts the quote at its offsets, across lines too", () => {
    const start = page.indexOf("Heading");
    const end = page.indexOf(" with");
    const { before, quote, after } = sourcePieces(page, start, end);
    expect(textOf(before)).toBe(page.slice(0, start));
    expect(textOf(quote)).toBe("Heading\n\nProse");
    expect(textOf(after)).toBe(page.slice(end));
  });

  it("keeps every character, whatever the text and the offsets", () => {
    const line = fc.constantFrom("---\n", "# h\n", "| a\n", "```\n", "\n", "é💡\r\n", "words ", "\uFEFF");
    const text = fc.array(line, { maxLength: 15 }).map((lines) => lines.join(""));
    const offset = fc.integer({ min: -3, max: 80 });
    fc.assert(
      fc.property(text, offset, offset, (source, start, end) => {
        const { before, quote, after } = sourcePieces(source, start, end);
        expect(textOf(before) + textOf(quote) + textOf(after)).toBe(source);
        if (start >= 0 && start <= end && end <= source.length) {
          expect(textOf(quote)).toBe(source.slice(start, end));
        }
      }),
    );
  });
});
