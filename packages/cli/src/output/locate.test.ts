import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { document, PAGE_TEXT } from "../../test/fake-advisor.ts";
import { createLocate, lineAt } from "./locate.ts";

describe("lineAt", () => {
  it("counts lines as an editor does", () => {
    const text = "one\ntwo\r\nthree\rfour";
    expect(["one", "two", "three", "four"].map((word) => lineAt(text, text.indexOf(word)))).toEqual([
      1, 2, 3, 4,
    ]);
    expect(lineAt(text, text.indexOf("\r\n") + 1)).toBe(2);
  });

  it("finds the line of any offset", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,5}$/)), fc.nat(), (lines, seed) => {
        const text = lines.join("\n");
        const offset = text.length === 0 ? 0 : seed % text.length;
        expect(lineAt(text, offset)).toBe(text.slice(0, offset).split("\n").length);
      }),
    );
  });
});

describe("locate", () => {
  it("reads a document once, and says nothing of one that is not to be had", async () => {
    let reads = 0;
    const locate = createLocate(async (id) => {
      reads++;
      if (id === "broken") throw new Error("no");
      return id === "d1" ? document() : undefined;
    });
    const start = PAGE_TEXT.indexOf("You get");
    expect(await locate({ documentId: "d1", start })).toBe(6);
    expect(await locate({ documentId: "d1", start: 0 })).toBe(1);
    expect(reads).toBe(1);
    expect(await locate({ documentId: "other", start })).toBeUndefined();
    expect(await locate({ documentId: "broken", start })).toBeUndefined();
    expect(await locate({ start })).toBeUndefined();
  });

  it("gives no line of a page whose text was extracted", async () => {
    const locate = createLocate(async () => ({ ...document(), uri: "page.HTML" }));
    expect(await locate({ documentId: "d1", start: 3 })).toBeUndefined();
  });
});
