import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CitationView } from "../../shared/wire.ts";
import { segments } from "./segments.ts";

const citation = (n: number, quote: string, title = `Source ${n}`): CitationView => ({
  n,
  claim: quote,
  quote,
  title,
  documentId: `d${n}`,
  start: 0,
  end: quote.length,
  verdict: "verified",
});

const textOf = (pieces: ReturnType<typeof segments>) =>
  pieces.map((piece) => (piece.kind === "mark" ? `[${piece.n}]` : piece.text)).join("");

describe("segments", () => {
  it("tells the model's own words, a source's words and marks apart", () => {
    const one = citation(1, "Leave is 27 days.");
    expect(segments("Gladly! Leave is 27 days. [1] Anything else?", [one])).toEqual([
      { kind: "own", text: "Gladly! " },
      { kind: "quote", text: "Leave is 27 days." },
      { kind: "own", text: " " },
      { kind: "mark", n: 1, citation: one },
      { kind: "own", text: " Anything else?" },
    ]);
  });

  it("leaves a number in brackets that a source wrote to the source", () => {
    const one = citation(1, "See table [2] below.");
    expect(segments("See table [2] below. [1]", [one]).map(({ kind }) => kind)).toEqual([
      "quote",
      "own",
      "mark",
    ]);
  });

  it("calls nothing a quote that does not stand there word for word", () => {
    const pieces = segments("Leave is twenty-seven days. [1]", [citation(1, "Leave is 27 days.")]);
    expect(pieces.some(({ kind }) => kind === "quote")).toBe(false);
  });

  it("gives each mark its own citation, in order, and leaves a number without one as it is", () => {
    const first = citation(1, "A.", "first");
    const second = citation(1, "B.", "second");
    const pieces = segments("A. [1] B. [1] C. [9]", [first, second]);
    expect(pieces.filter((piece) => piece.kind === "mark")).toEqual([
      { kind: "mark", n: 1, citation: first },
      { kind: "mark", n: 1, citation: second },
    ]);
    expect(pieces.at(-1)).toEqual({ kind: "own", text: " C. [9]" });
  });

  it("never changes a word, whatever the text and the quotes", () => {
    const word = fc.constantFrom("a", "b ", "[1]", "[2]", "ab", ". ", "é", "[", "]", "💡");
    const text = fc.array(word, { maxLength: 20 }).map((words) => words.join(""));
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 4 }), (answer, quotes) => {
        const citations = quotes.map((quote, index) => citation(index + 1, quote));
        expect(textOf(segments(answer, citations))).toBe(answer);
      }),
    );
  });
});
