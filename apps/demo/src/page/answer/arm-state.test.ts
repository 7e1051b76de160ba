import { describe, expect, it } from "vitest";
import type { AnswerView, AskEvent } from "../../shared/wire.ts";
import { applyEvent, stopArms, waitingArms } from "./arm-state.ts";
import { figures } from "./figures.ts";

const answer = (totalMs: number, fields: Partial<AnswerView["timings"]> = {}): AnswerView => ({
  text: "Done.",
  refused: false,
  citations: [],
  passages: [],
  timings: {
    retrievalMs: 0,
    groundingMs: 0,
    promptTokens: 1500,
    completionTokens: 2,
    queueMs: 0,
    firstTokenMs: 4.26,
    generationMs: 9,
    tokensPerSecond: 0,
    totalMs,
    ...fields,
  },
  warnings: [],
});

const after = (...events: AskEvent[]) => events.reduce(applyEvent, waitingArms);

describe("arms", () => {
  it("follow the stream, each its own", () => {
    const arms = after(
      { type: "started", arm: "base" },
      { type: "text", arm: "base", text: "Do" },
      { type: "text", arm: "base", text: "ne" },
      { type: "started", arm: "hybrid" },
    );
    expect(arms.base).toMatchObject({ phase: "writing", text: "Done" });
    expect(arms.hybrid.phase).toBe("reading");
    expect(arms.adapter.phase).toBe("waiting");
  });

  it("take the answer's own text in place of what was streamed", () => {
    const arms = after(
      { type: "started", arm: "base" },
      { type: "text", arm: "base", text: "Don" },
      { type: "answer", arm: "base", answer: answer(1) },
    );
    expect(arms.base).toMatchObject({ phase: "answered", text: "Done." });
  });

  it("keep what an arm wrote before it failed", () => {
    const arms = after(
      { type: "started", arm: "base" },
      { type: "text", arm: "base", text: "Do" },
      { type: "error", arm: "base", error: { code: "x", message: "It failed." } },
    );
    expect(arms.base).toMatchObject({ phase: "failed", text: "Do", error: { code: "x" } });
  });

  it("are stopped unless they are over", () => {
    const arms = stopArms(
      after({ type: "answer", arm: "base", answer: answer(1) }, { type: "started", arm: "retrieval" }),
    );
    expect(arms.base.phase).toBe("answered");
    expect(arms.retrieval.phase).toBe("stopped");
    expect(arms.hybrid.phase).toBe("stopped");
  });
});

describe("figures", () => {
  const arms = after(
    { type: "answer", arm: "base", answer: answer(120) },
    { type: "answer", arm: "hybrid", answer: answer(12_340, { retrievalMs: 14.4, tokensPerSecond: 301.2 }) },
  );
  const shown = (arm: "base" | "hybrid" | "adapter") =>
    figures(arm, arms).map(({ value, unit }) => `${value} ${unit}`.trim());

  it("are rounded for reading, and a step that did not run is no zero", () => {
    expect(shown("base")).toEqual(["–", "1,500 tok", "4.3 ms", "at once", "120 ms"]);
    expect(shown("hybrid")).toEqual(["14 ms", "1,500 tok", "4.3 ms", "301 tok/s", "12.3 s"]);
    expect(shown("adapter")).toEqual(["–", "–", "–", "–", "–"]);
  });

  it("have bars that compare the arms", () => {
    expect(figures("hybrid", arms).map(({ share }) => share)).toEqual([1, 1, 1, 1, 1]);
    expect(figures("base", arms).at(-1)?.share).toBeCloseTo(120 / 12_340);
    expect(figures("adapter", arms).every(({ share }) => share === 0)).toBe(true);
  });
});
