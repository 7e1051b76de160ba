import type { Generator, Message } from "@advisor/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NANO_PATH, NANO_QUESTION } from "../../test/nano.ts";
import { type NanoParts, openNanoParts } from "../../test/nano-parts.ts";
import { loadModel } from "../load-model.ts";
import type { Token } from "./runtime.ts";

let generator: Generator;
let nano: NanoParts;
beforeAll(async () => {
  generator = await loadModel({ path: NANO_PATH, gpu: false });
  nano = await openNanoParts();
});
afterAll(async () => {
  await generator.dispose();
  await nano.model.dispose();
});

describe("likelihoods", () => {
  /** Each candidate by itself, from whole probability tables. */
  async function naive(messages: readonly Message[], candidates: readonly string[]): Promise<number[]> {
    const { model, template, tokenizer } = nano;
    const prompt = tokenizer.tokenize(template.render(messages));
    const context = await model.createContext({ contextSize: 1024, threads: 1 });
    const sequence = context.getSequence();
    const evaluate = (tokens: readonly Token[]) =>
      sequence.controlledEvaluate(
        tokens.map((token) => [token, { generateNext: { probabilities: true } }] as const),
      );
    const means: number[] = [];
    for (const candidate of candidates) {
      const reply = tokenizer.tokenizeReply(prompt, candidate);
      await sequence.clearHistory();
      const tables = [(await evaluate(prompt.tokens)).at(-1), ...(await evaluate(reply))];
      const logs = reply.map((token, index) => Math.log(tables[index]?.next.probabilities?.get(token) ?? 0));
      means.push(logs.reduce((a, b) => a + b, 0) / logs.length);
    }
    await context.dispose();
    return means;
  }

  it("agree with a naive computation", async () => {
    const candidates = [
      "Employees get 25 days of leave. [1]",
      "Employees get 26 days of leave. [1]",
      "Employees",
      "The sources do not answer this.",
      "Employees get 25 days of leave. [1]",
      "äöü \n <|im_end|> x",
    ];
    const expected = await naive(NANO_QUESTION, candidates);
    for (const [index, candidate] of candidates.entries()) {
      const alone = await generator.likelihoods?.({ messages: NANO_QUESTION, candidates: [candidate] });
      expect(alone?.[0], candidate).toBeCloseTo(expected[index] as number, 3);
    }
    const found = (await generator.likelihoods?.({ messages: NANO_QUESTION, candidates })) ?? [];
    // What candidates share is evaluated in other batches than alone, where llama.cpp rounds differently.
    for (const [index, value] of expected.entries())
      expect(Math.abs((found[index] ?? 0) - value)).toBeLessThan(0.03);
    expect(found[0]).toBe(found[4]);
    expect(found[3]).toBeGreaterThan(found[0] as number);
  });

  it("refuse empty candidates and what does not fit", async () => {
    const ask = (candidates: string[]) => generator.likelihoods?.({ messages: NANO_QUESTION, candidates });
    await expect(ask([""])).rejects.toMatchObject({ code: "invalid_request" });
    await expect(ask(["word ".repeat(2100)])).rejects.toMatchObject({ code: "context_exceeded" });
  });
});
