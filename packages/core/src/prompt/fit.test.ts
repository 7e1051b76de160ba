import type { Message, Passage } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passage } from "../../test/passage.ts";
import { fitPrompt } from "./fit.ts";

/** One token a character, so that sizes are plain to see. */
const model = (contextLength: number) => ({
  model: { name: "counting", contextLength },
  countTokens: (messages: readonly Message[]) =>
    messages.reduce((sum, { content }) => sum + content.length, 0),
});

const layOut = (passages: readonly Passage[] | undefined, history: readonly Message[]): Message[] => [
  ...history,
  { role: "user", content: `${(passages ?? []).map(({ text }) => text).join("")}?` },
];

describe("fitPrompt", () => {
  it("keeps the longest prefix of passages and the newest turns that fit, and never more", () => {
    fc.assert(
      fc.property(
        fc.record({
          window: fc.integer({ min: 10, max: 400 }),
          maxTokens: fc.integer({ min: 1, max: 500 }),
          sizes: fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 12 }),
          turns: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
        }),
        ({ window, maxTokens, sizes, turns }) => {
          const budget = window - Math.min(maxTokens, Math.floor(window / 2));
          const passages = sizes.map((size, index) => passage("x".repeat(size), index));
          const history = turns.map((size, index) => ({
            role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
            content: "h".repeat(size),
          }));
          const request = { model: model(window), passages, history, maxTokens, layOut };
          const size = (kept: number, from: number) =>
            model(0).countTokens(layOut(passages.slice(0, kept), history.slice(from)));

          if (passages.length > 0 && size(1, history.length) > budget) {
            expect(() => fitPrompt(request)).toThrow(expect.objectContaining({ code: "context_exceeded" }));
            return;
          }
          const fitted = fitPrompt(request);
          const kept = fitted.passages.length;
          const from = history.length - (fitted.messages.length - 1);
          expect(fitted.passages).toEqual(passages.slice(0, kept));
          expect(fitted.promptTokens).toBe(size(kept, from));
          expect(fitted.promptTokens).toBeLessThanOrEqual(budget);
          // Turns begin with the user; one pair more, or one passage more, would not have fitted.
          expect(from === history.length || from % 2 === 0).toBe(true);
          const earlier = history.slice(0, from).findLastIndex(({ role }) => role === "user");
          if (earlier >= 0) expect(size(passages.length, earlier)).toBeGreaterThan(budget);
          if (kept < passages.length) expect(size(kept + 1, from)).toBeGreaterThan(budget);
          expect(fitted.warnings.map(({ code }) => code)).toEqual([
            ...(from > 0 ? ["history_dropped"] : []),
            ...(kept < passages.length ? ["passages_dropped"] : []),
          ]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("counts a prompt that fits once", () => {
    let counts = 0;
    const counting = { ...model(1000), countTokens: () => ++counts };
    fitPrompt({ model: counting, passages: [passage("x", 0)], history: [], maxTokens: 10, layOut });
    expect(counts).toBe(1);
  });

  it("lays out no sources where there are to be none", () => {
    const fitted = fitPrompt({ model: model(100), passages: undefined, history: [], maxTokens: 10, layOut });
    expect(fitted).toEqual({
      messages: [{ role: "user", content: "?" }],
      passages: [],
      promptTokens: 1,
      warnings: [],
    });
  });
});
