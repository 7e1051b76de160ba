import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelReader, readWhole } from "./labels.ts";

const LABELS = new Map([
  ["a", { text: "The shop opens at nine.", n: 1 }],
  ["b", { text: "It is 25 days.", n: 1 }],
  ["c", { text: "Closed on Mondays.", n: 2 }],
]);
const reader = () => new LabelReader(LABELS, ({ text, n }) => `${text} [${n}]`);
const read = (text: string) => readWhole(reader(), text);

describe("LabelReader", () => {
  it("shows the sentence with the number of its source in place of its label", () => {
    expect(read("c")).toBe("Closed on Mondays. [2]");
    expect(read("a\nc\n")).toBe("The shop opens at nine. [1]\nClosed on Mondays. [2]\n");
  });

  it("leaves an adapter's words around it as they are", () => {
    expect(read("Thanks for asking.\nb\nAnything else?")).toBe(
      "Thanks for asking.\nIt is 25 days. [1]\nAnything else?",
    );
  });

  it("leaves what is no label: other letters, words that begin like one, a letter among others", () => {
    for (const text of [
      "The sources do not answer this.",
      "z\nNo such label.",
      "axle\nb2",
      "It is c",
      " c",
      "c ",
      "",
    ])
      expect(read(text)).toBe(text);
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
        expect(shown).toBe(
          lines
            .map((each) => (LABELS.has(each) ? `${LABELS.get(each)?.text} [${LABELS.get(each)?.n}]` : each))
            .join("\n"),
        );
      }),
    );
  });
});
