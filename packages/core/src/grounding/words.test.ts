import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stem } from "./stem.ts";
import { readWords } from "./words.ts";

const terms = (text: string) => readWords(text).map(({ kind, term }) => `${kind.charAt(0)}:${term}`);

describe("readWords", () => {
  test.each<[string, string[]]>([
    ["E-4012 and --dry-run", ["i:e-4012", "w:and", "i:dry-run"]],
    ["v1.2.3, 10.0.0.1, 2.4", ["i:v1.2.3", "i:10.0.0.1", "n:2.4"]],
    ["587,000 people, 1.50 EUR, 007", ["n:587000", "w:peopl", "n:1.5", "w:eur", "n:7"]],
    ["snake_case maxTokens user@host.example", ["i:snake_case", "i:maxtokens", "i:user@host.example"]],
    ["four teams, twenty days", ["n:4", "w:team", "n:20", "w:day"]],
    ["the X1's battery", ["w:the", "i:x1", "w:batteri"]],
    ["Kraków café", ["w:krakow", "w:cafe"]],
    ["state-of-the-art 21st-century", ["w:state", "w:of", "w:the", "w:art", "n:21", "w:st", "w:centuri"]],
    ["", []],
  ])("%j", (text, expected) => {
    expect(terms(text)).toEqual(expected);
  });

  test("offsets are true and in order", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        let last = 0;
        for (const word of readWords(text)) {
          expect(text.slice(word.start, word.end)).toBe(word.text);
          expect(word.start).toBeGreaterThanOrEqual(last);
          last = word.end;
        }
      }),
    );
  });

  test("the first word of a sentence is marked, so that its capital is not taken for a name", () => {
    const firsts = readWords("Ask Anna. She knows. v2.0 Beta").filter(({ first }) => first);
    expect(firsts.map(({ text }) => text)).toEqual(["Ask", "She", "v2.0"]);
  });
});

describe("stem", () => {
  test.each([
    ["running", "run"],
    ["stopped", "stop"],
    ["policies", "polici"],
    ["policy", "polici"],
    ["founded", "found"],
    ["encryption", "encrypt"],
    ["encrypted", "encrypt"],
    ["relational", "relat"],
    ["relate", "relat"],
    ["led", "lead"],
    ["leads", "lead"],
    ["was", "was"],
    ["straße", "straße"],
  ])("%s -> %s", (word, expected) => {
    expect(stem(word)).toBe(expected);
  });

  test("a stem is not empty", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."aeioubcdlnrstyz"), minLength: 1, maxLength: 12 }),
        (w) => {
          expect(stem(w).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
