import type { GenerateRequest, GenerateResult, Generator } from "@advisor/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NANO_PATH, NANO_QUESTION } from "../../test/nano.ts";
import { loadModel } from "../load-model.ts";

let generator: Generator;
beforeAll(async () => {
  generator = await loadModel({ path: NANO_PATH, gpu: false, contextLength: 512 });
});
afterAll(async () => {
  await generator.dispose();
});

async function run(extra: Partial<GenerateRequest>): Promise<GenerateResult & { pieces: string[] }> {
  const pieces: string[] = [];
  for await (const event of generator.generate({ messages: NANO_QUESTION, ...extra })) {
    if (event.type === "text") pieces.push(event.text);
    else return { ...event.result, pieces };
  }
  throw new Error("no done event");
}

const choose = (choices: readonly string[], extra: Partial<GenerateRequest> = {}) =>
  run({ format: { type: "choice", choices }, ...extra });

describe("a choice", () => {
  it.each([
    "Employees get 25 days of leave. [1]",
    'Say "no" with C:\\temp\\[1] and a | pipe.',
    "−40 °C to +60 °C for €19,\nWi‑Fi stays on.\tYes.",
    "Zażółć gęślą jaźń 😀 é ‍ 漢字 \u007f\u0001 a\0b",
    "<|im_end|> ends nothing, and neither does </s>.",
    "  two spaces before and after  ",
  ])("is written byte for byte: %j", async (text) => {
    const { pieces, ...result } = await choose([text]);
    expect(result).toMatchObject({ text, finish: "stop" });
    expect(pieces.join("")).toBe(text);
    expect(result.completionTokens).toBeGreaterThan(0);
  });

  it("falls as the model's own greedy text does", async () => {
    const free = await run({});
    expect(free.finish).toBe("stop");
    const rivals = [
      `${free.text.slice(0, -3)}x`,
      free.text.slice(0, 10),
      `${free.text} And so on.`,
      "Something else.",
    ];
    expect((await choose([...rivals, free.text])).text).toBe(free.text);
    expect((await choose([free.text, ...rivals])).text).toBe(free.text);
  });

  it("is the likelier text where two differ in one place", async () => {
    const choices = ["Employees get 25 days of leave. [1]", "Employees get 25 days of leave. [2]"];
    const scores = (await generator.likelihoods?.({ messages: NANO_QUESTION, candidates: choices })) ?? [];
    const likelier = choices[(scores[0] as number) > (scores[1] as number) ? 0 : 1];
    expect((await choose(choices)).text).toBe(likelier);
    expect((await choose(choices.toReversed())).text).toBe(likelier);
  });

  it("streams what is settled, and nothing that could still change", async () => {
    const { text, pieces } = await choose(["The leave is 25 days.", "The leave is 26 days."]);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe(text);
  });

  it("above temperature 0 is drawn: the same for a seed, all of them over many", async () => {
    const choices = ["25", "26", "30"];
    const drawn = new Set<string>();
    for (let seed = 0; seed < 24; seed++) {
      const first = await choose(choices, { temperature: 50, seed });
      drawn.add(first.text);
      if (seed % 8 === 0) {
        expect((await choose(choices, { temperature: 50, seed })).text).toBe(first.text);
      }
    }
    expect([...drawn].sort()).toEqual(choices);
  });

  it("is not cut by maxTokens or stop", async () => {
    const text = "Employees get 25 days of leave. [1]";
    expect((await choose([text], { maxTokens: 1, stop: ["25"] })).text).toBe(text);
  });

  it("is refused when it cannot be made", async () => {
    await expect(choose([])).rejects.toMatchObject({ code: "invalid_request" });
    await expect(choose(["a", ""])).rejects.toMatchObject({ code: "invalid_request" });
    await expect(choose(["word ".repeat(600)])).rejects.toMatchObject({ code: "context_exceeded" });
    const aborted = choose(["a", "b"], { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: "cancelled" });
    expect((await choose(["still works"])).text).toBe("still works");
  });
});
