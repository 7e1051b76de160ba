import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelReader } from "./labels.ts";

const LABELS = new Map([
  ["a", 1],
  ["b", 1],
  ["c", 2],
]);
const reader = () => new LabelReader(LABELS, (n) => `[${n}]`);
const read = (text: string) => reader().readWhole(text);

describe("LabelReader", () => {
  it("shows the sentence with the number of its source in place of its label", () => {
    expect(read("c\nThe shop opens at nine.")).toBe("The shop opens at nine. [2]");
    expect(read("a\nOne.\nc\nTwo.\n")).toBe("One. [1]\nTwo. [2]\n");
  });

  it("leaves an adapter's words around it as they are", () => {
    expect(read("Thanks for asking.\nb\nIt is 25 days.\nAnything else?")).toBe(
      "Thanks for asking.\nIt is 25 days. [1]\nAnything else?",
    );
  });

  it("leaves what is no label: other letters, words that begin like one, a label that chose nothing", () => {
    for (const text of [
      "The sources do not answer this.",
      "z\nNo such label.",
      "axle\nb2",
      "c",
      "It is c",
      "",
    ])
      expect(read(text)).toBe(text);
  });

  it("cites no source of a label that no sentence follows", () => {
    for (const text of ["c\n", "a\nOne.\nc\n", "c\n\nMore.", "c\n\n"])
      expect(read(text)).toBe(text.replace("a\nOne.", "One. [1]"));
  });

  it("takes a sentence of one letter for a sentence", () => {
    expect(read("a\nc\nMore.")).toBe("c [1]\nMore.");
  });

  it("shows the same however the text comes in", () => {
    const line = fc.oneof(fc.constantFrom("a", "b", "c", "d", ""), fc.string({ maxLength: 12 }));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(9)), (lines, cuts) => {
        const text = lines.join("\n");
        const pieces: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          pieces.push(text.slice(at, at + cut));
          at += cut;
        }
        pieces.push(text.slice(at));
        const inPieces = reader();
        const shown = pieces.map((piece) => inPieces.read(piece)).join("") + inPieces.end();
        expect(shown).toBe(read(text));
      }),
    );
  });
});
