import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWhole } from "../prompt/labels.ts";
import { SlotLabelReader } from "./slot-labels.ts";

const LABELS = new Map([
  ["a", { text: 'It says "no".', n: 1 }],
  ["b", { text: "Two days.", n: 2 }],
]);
const read = (text: string, slots: readonly string[]) =>
  readWhole(new SlotLabelReader(LABELS, ({ text, n }) => `${text} [${n}]`, slots), text);

describe("SlotLabelReader", () => {
  it("puts the sentence where a slot holds its label, escaped as JSON wants it", () => {
    expect(JSON.parse(read('{"answer": "a", "other": "a"}', ["/answer"]))).toEqual({
      answer: 'It says "no". [1]',
      other: "a",
    });
  });

  it("reads slots inside objects and over arrays", () => {
    const text = '{"parts": [{"said": "b"}, {"said": "none"}, {}], "best": {"said": "a"}}';
    expect(JSON.parse(read(text, ["/parts/-/said", "/best/said", "/missing/said"]))).toEqual({
      parts: [{ said: "Two days. [2]" }, { said: "none" }, {}],
      best: { said: 'It says "no". [1]' },
    });
  });

  it("leaves what names nothing as it is written: no label, no string, no JSON, half of one", () => {
    for (const text of [
      '{"answer" : "c"}',
      '{"answer": 1}',
      '{"answer": null}',
      "a",
      '"a"',
      '{"answer": "a"',
      "[]",
      "",
    ])
      expect(read(text, ["/answer"])).toBe(text);
  });

  it("never breaks: any text passes, and JSON stays JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const shown = read(text, ["/answer", "/-/answer"]);
        try {
          JSON.parse(text);
        } catch {
          expect(shown).toBe(text);
          return;
        }
        JSON.parse(shown);
      }),
    );
  });
});
