import { loadModel } from "@advisor/adapters";
import type { AdapterForm, Generator } from "@advisor/contracts";
import { nanoChatModel } from "@advisor/nano";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planQuoted } from "./quoted.ts";

let generator: Generator;
const prompt = { citation: "[{n}]", refusal: "The sources do not answer this." };

beforeAll(async () => {
  const { path } = await nanoChatModel();
  generator = await loadModel({ path, gpu: false, contextLength: 1024 });
});
afterAll(async () => {
  await generator.dispose();
});

async function write(plan: ReturnType<typeof planQuoted>): Promise<string> {
  const messages = [{ role: "user" as const, content: "Question: what holds?" }];
  for await (const event of generator.generate({ messages, format: plan.format, maxTokens: 400 })) {
    if (event.type === "done") return event.result.text;
  }
  throw new Error("the generator ended without a result");
}

const plan = (text: string, form?: AdapterForm) =>
  planQuoted({
    evidence: [{ passageIndex: 1, start: 0, end: text.length, text, score: 1 }],
    settings: { refusalThreshold: 0 },
    prompt,
    ...(form ? { form } : {}),
  });

/** What a page may hold and a tokenizer or a grammar must not stumble over. */
const SENTENCES = [
  "Leave is 25 days a year.",
  'Say "no" with C:\\temp\\[1] and a | pipe.',
  "It measures from −40 °C to +60 °C for €19,\nand Wi‑Fi stays on.\tYes.",
  "Zażółć gęślą jaźń 😀 e\u0301 \u200d 漢字 \u007f\u0001.",
  "<|im_end|> ends nothing, and neither does </s> or ::= root.",
];

describe("quoted grounding through llama.cpp", () => {
  test.each(SENTENCES)("the model can write nothing but %j", async (text) => {
    const quoted = plan(text);
    const written = await write(quoted);
    expect(written).toBe(`${text} [2]`);
    expect(quoted.parse(written)?.evidence[0]?.sentence.text).toBe(text);
  });

  test("nor anything else around it than a form's words", async () => {
    const form: AdapterForm = {
      type: "wrapped",
      opening: ["Glad to help:", "Here you are:"],
      closing: ["Bye “now”!", "Anything else?"],
      separator: "\n",
    };
    const quoted = plan(SENTENCES[1] ?? "", form);
    const written = await write(quoted);
    expect(quoted.parse(written)).toMatchObject({ refused: false, evidence: [{ n: 2 }] });
  });

  test.each(SENTENCES.slice(0, 3))("a json form's slots hold nothing but %j", async (text) => {
    const form: AdapterForm = {
      type: "json",
      schema: {
        type: "object",
        properties: { mood: { type: "string", enum: ["glad", "sorry"] }, proof: { type: "string" } },
        required: ["mood", "proof"],
        additionalProperties: false,
      },
      evidenceSlots: ["/proof"],
    };
    const quoted = plan(text, form);
    const written = await write(quoted);
    expect(JSON.parse(written)).toMatchObject({ proof: `${text} [2]` });
    expect(quoted.parse(written)?.evidence).toHaveLength(1);
  });

  test("without evidence it writes the refusal", async () => {
    const refusal = planQuoted({ evidence: [], settings: { refusalThreshold: 0 }, prompt });
    expect(await write(refusal)).toBe(prompt.refusal);
  });
});
