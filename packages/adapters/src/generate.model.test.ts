import type { Generator, Message } from "@advisor/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { NANO_ANSWER, NANO_PATH, NANO_QUESTION, pointingQuestion } from "../test/nano.ts";
import { answer, type NanoParts, openNanoParts, user } from "../test/nano-parts.ts";
import type { Token } from "./llama/runtime.ts";
import { loadModel } from "./load-model.ts";

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

describe("generate", () => {
  it("answers", async () => {
    expect(await answer(generator)).toMatchObject({
      text: NANO_ANSWER,
      finish: "stop",
      warnings: [],
    });
  });

  it.each([
    ["How many days of leave do employees get?", "a"],
    ["When does the office open in the morning?", "b"],
  ])("points at the line that answers: %s", async (question, label) => {
    expect((await answer(generator, { messages: pointingQuestion(question) })).text).toBe(label);
  });

  it("draws the same with the same seed, and differently with others", async () => {
    const draw = (seed: number) => answer(generator, { temperature: 3, topK: 200, topP: 1, seed });
    const texts = await Promise.all([1, 1, 2, 3, 4].map(draw));
    expect(texts[0]?.text).toBe(texts[1]?.text);
    expect(new Set(texts.map(({ text }) => text)).size).toBeGreaterThan(2);
    expect((await answer(generator, { temperature: 5, topK: 1, seed: 9 })).text).toBe(
      (await answer(generator)).text,
    );
  });

  it("clamps maxTokens to the context, and refuses a prompt that does not fit", async () => {
    const small = await loadModel({ path: NANO_PATH, gpu: false, contextLength: 64 });
    const messages = user("word ".repeat(20));
    const counted = small.countTokens(messages);
    const result = await answer(small, {
      messages,
      maxTokens: 500,
      format: { type: "gbnf", grammar: 'root ::= ("a" | "b"){100,}' },
    });
    expect(result.warnings.map(({ code }) => code)).toEqual(["max_tokens_clamped"]);
    expect(result).toMatchObject({ finish: "length", promptTokens: counted, completionTokens: 64 - counted });
    await expect(answer(small, { messages: user("word ".repeat(70)) })).rejects.toMatchObject({
      code: "context_exceeded",
    });
    const fill = Array.from({ length: 64 }, (_, n) => user("a ".repeat(n)));
    const fits = fill.findLast((each) => small.countTokens(each) === 63) as readonly Message[];
    expect(await answer(small, { messages: fits })).toMatchObject({ completionTokens: 1, finish: "length" });
    await small.dispose();
  });

  it("does not depend on the size of batches", async () => {
    const long = user(
      `${"The office opens at nine and closes at five.\n".repeat(110)}\nQuestion: When does it open?`,
    );
    expect(generator.countTokens(long)).toBeGreaterThan(1024);
    const { text } = await answer(generator, { messages: long, maxTokens: 5 });
    const context = await nano.model.createContext({ contextSize: 2048, threads: 1 });
    const written: Token[] = [];
    const { tokens } = nano.tokenizer.tokenize(nano.template.render(long));
    for await (const token of context.getSequence().evaluate(tokens)) {
      written.push(token);
      if (written.length === 5) break;
    }
    expect(text).toBe(nano.model.detokenize(written));
    await context.dispose();
  });

  it("writes within a grammar, whole characters at a time", async () => {
    const grammar = 'root ::= "Ja — 😀€" | "Nein, täglich 日本"';
    const pieces: string[] = [];
    for await (const event of generator.generate({
      messages: user("?"),
      format: { type: "gbnf", grammar },
    })) {
      if (event.type === "text") pieces.push(event.text);
      else expect(["Ja — 😀€", "Nein, täglich 日本"]).toContain(event.result.text);
    }
    expect(pieces.join("")).not.toContain("\uFFFD");
    expect(pieces.length).toBeGreaterThan(3);
  });

  it("writes JSON that fits, or says that it was cut", async () => {
    const schema = z.strictObject({
      kind: z.enum(["leave", "pay"]),
      days: z.int().min(1).max(60),
      note: z.string().max(12).nullable(),
    });
    const { json } = await answer(generator, { format: { type: "json", schema }, maxTokens: 240 });
    expect(schema.safeParse(json).success).toBe(true);
    await expect(answer(generator, { format: { type: "json", schema }, maxTokens: 3 })).rejects.toMatchObject(
      {
        code: "model_failed",
        nextStep: "Raise maxTokens",
      },
    );
    await expect(answer(generator, { format: { type: "json", schema: z.email() } })).rejects.toMatchObject({
      code: "unsupported_schema",
    });
    await expect(
      answer(generator, { format: { type: "gbnf", grammar: "root ::= (" } }),
    ).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("is aborted in the middle of a long prompt", async () => {
    const controller = new AbortController();
    const long = user("The office opens at nine and closes at five.\n".repeat(120));
    const reading = answer(generator, { messages: long, signal: controller.signal });
    setTimeout(() => controller.abort(), 10);
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
    expect((await answer(generator)).text).toBe(NANO_ANSWER);
  });

  it("waits its turn when all sequences are taken, and says how long", async () => {
    const one = await loadModel({ path: NANO_PATH, gpu: false, concurrency: 1 });
    const results = await Promise.all([answer(one, {}), answer(one, {}), answer(one, {})]);
    expect(new Set(results.map(({ text }) => text)).size).toBe(1);
    const queues = results.map(({ timings }) => timings.queueMs);
    expect(queues[1]).toBeGreaterThan(queues[0] as number);
    expect(queues[2]).toBeGreaterThan(queues[1] as number);
    await one.dispose();
  });

  it("keeps no iterator waiting for a reader that has gone", async () => {
    const one = await loadModel({ path: NANO_PATH, gpu: false, concurrency: 1 });
    const abandoned = one.generate({ messages: NANO_QUESTION })[Symbol.asyncIterator]();
    await abandoned.next();
    expect((await answer(one, {})).text).toBe(NANO_ANSWER);
    await one.dispose();
  });
});
