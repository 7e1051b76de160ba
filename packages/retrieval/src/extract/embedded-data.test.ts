import { describe, expect, test } from "vitest";
import { withoutEmbeddedData } from "./embedded-data.ts";
import { extract } from "./extract.ts";

const picture = `data:image/png;base64,${"iVBORw0KGgo/+8".repeat(400)}==`;

function read(text: string): string[] {
  return withoutEmbeddedData(text, 0, text.length).map(
    ({ start, end, after }) => text.slice(start, end) + (after ? "|" : ""),
  );
}

describe("embedded data", () => {
  test("is left out, and the alternative text of a picture is kept", () => {
    expect(read(`Before. ![](${picture}) After.`)).toEqual(["Before. |", " After."]);
    expect(read(`Before. ![The harbour](<${picture}> "A title") After.`)).toEqual([
      "Before. ",
      "The harbour|",
      " After.",
    ]);
    expect(read(`<img src="${picture}" alt="x">`)).toEqual(['<img src="|', '" alt="x">']);
    expect(read(`Two ${picture} and ${picture}`)).toEqual(["Two |", " and |", ""]);
  });

  test("stays where it is short, or only looks like data", () => {
    for (const text of [
      "The data: here",
      "See data:text/plain,hello",
      "![a](data.png)",
      `data: ${"x".repeat(500)}`,
    ])
      expect(read(text)).toEqual([text]);
  });

  test("takes time in step with the length, whatever the text", () => {
    const start = performance.now();
    for (const part of [
      "data:",
      "![",
      "![a](",
      "data:a/b",
      "[](data:",
      "data:image/png;base64,A ",
      "[a](data:a/b,",
    ])
      read(part.repeat(Math.ceil(300_000 / part.length)));
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test("is in no chunk's way: no block of a page holds it, and none spans it", () => {
    const page = `# Pictures\n\nThe harbour in 1987.\n\n![The harbour](${picture})\n\nThe frame is of oak. ![](${picture})\n`;
    const { text, blocks } = extract(page, "text/markdown");
    const words = blocks.map((block) =>
      "units" in block ? text.slice(block.units[0]?.start, block.units.at(-1)?.end) : block.kind,
    );
    expect(words).toEqual([
      "heading",
      "The harbour in 1987.",
      "The harbour",
      "break",
      "The frame is of oak.",
      "break",
    ]);
  });
});
