import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { widthOf } from "./width.ts";
import { createStreamWrapper, wrap } from "./wrap.ts";

const words = fc
  .array(fc.oneof(fc.stringMatching(/^[a-zé日]{1,12}$/), fc.constant("\n")), { maxLength: 40 })
  .map((parts) => parts.join(" "));

describe("wrap", () => {
  it("keeps every word, and no line is longer than the width unless one word is", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 8, max: 60 }), (text, width) => {
        const lines = wrap(text, width);
        expect(lines.join(" ").split(/\s+/).filter(Boolean)).toEqual(text.split(/\s+/).filter(Boolean));
        for (const line of lines) {
          if (widthOf(line) > width) expect(line.trim()).not.toMatch(/\s/);
        }
      }),
    );
  });

  it("keeps blank lines and the indentation of a line", () => {
    expect(wrap("one two three\n\n  - four five six", 9)).toEqual([
      "one two",
      "three",
      "",
      "  - four",
      "  five",
      "  six",
    ]);
  });
});

describe("a stream wrapper", () => {
  const written = (text: string, width: number, pieces: readonly number[]) => {
    let out = "";
    const wrapper = createStreamWrapper(width, (piece) => {
      out += piece;
    });
    let rest = text;
    for (const size of pieces) {
      wrapper.push(rest.slice(0, size));
      rest = rest.slice(size);
    }
    wrapper.push(rest);
    wrapper.end();
    return out;
  };

  it("writes the same however the text is cut into pieces, and no line too long", () => {
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 8, max: 60 }),
        fc.array(fc.integer({ min: 0, max: 9 })),
        (text, width, pieces) => {
          const whole = written(text, width, []);
          expect(written(text, width, pieces)).toBe(whole);
          expect(whole.split(/\s+/).filter(Boolean)).toEqual(text.split(/\s+/).filter(Boolean));
          for (const line of whole.split("\n")) {
            if (widthOf(line) > width) expect(line.trim()).not.toMatch(/\s/);
          }
        },
      ),
    );
  });
});
