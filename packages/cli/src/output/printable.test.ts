import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printable, printableLine } from "./printable.ts";

describe("printable", () => {
  it("takes away what moves the cursor, names the window or turns text around", () => {
    expect(printable("a\u001b[2Jb\u001b]0;title\u0007c\u202ed\u009b31me\rf")).toBe("abcdef");
    expect(printable("line\r\nnext\ttab")).toBe("line\nnext\ttab");
    expect(printableLine("  two\n lines ")).toBe("two lines");
  });

  it("never leaves a control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(printable(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
