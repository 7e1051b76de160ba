import type { AdapterForm } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EvidenceSentence } from "./evidence.ts";
import { planQuoted } from "./quoted.ts";

const prompt = { citation: "[{n}]", refusal: "The sources do not answer this." };
const settings = { refusalThreshold: 0 };
const sentence = (text: string, score = 1, passageIndex = 0): EvidenceSentence => ({
  passageIndex,
  start: 0,
  end: text.length,
  text,
  score,
});
const wrapped: AdapterForm = {
  type: "wrapped",
  opening: ["Happy to help:", "Here it is:"],
  closing: ["Anything else?", "Bye [1]!"],
  separator: "\n",
};

const languageOf = (plan: ReturnType<typeof planQuoted>): readonly string[] => {
  if (plan.format.type !== "choice") throw new Error("not a choice");
  return plan.format.choices;
};

describe("planQuoted", () => {
  test("the language is the best sentence with its passage's number", () => {
    const plan = planQuoted({
      evidence: [sentence("Leave is 25 days.", 2, 2), sentence("Other.", -3)],
      settings,
      prompt,
    });
    expect(languageOf(plan)).toEqual(["Leave is 25 days. [3]"]);
    expect(plan.refused).toBe(false);
    expect(plan.parse("Leave is 25 days. [3]")).toEqual({
      refused: false,
      evidence: [{ sentence: plan.choices[0], n: 3 }],
    });
    expect(plan.parse("Leave is 25 days. [1]")).toBeUndefined();
    expect(plan.parse("Leave is 25 days.")).toBeUndefined();
  });

  test("with more choices, the model picks among those near the best", () => {
    const evidence = [sentence("A.", 2), sentence("B.", 1.8, 1), sentence("A.", 1.7), sentence("C.", 1)];
    const plan = planQuoted({ evidence, settings: { ...settings, maxChoices: 4 }, prompt });
    expect(languageOf(plan)).toEqual(["A. [1]", "B. [2]"]);
    expect(plan.parse("B. [2]")?.evidence).toEqual([{ sentence: evidence[1], n: 2 }]);
    expect(plan.parse("C. [1]")).toBeUndefined();
  });

  test("under the threshold, or without evidence, it is the refusal", () => {
    for (const evidence of [[], [sentence("Leave is 25 days.", -0.1)]]) {
      const plan = planQuoted({ evidence, settings, prompt });
      expect(plan).toMatchObject({ refused: true, choices: [] });
      expect(languageOf(plan)).toEqual([prompt.refusal]);
      expect(plan.parse(prompt.refusal)).toEqual({ refused: true, evidence: [] });
    }
  });

  test("a wrapped form surrounds the evidence, and the refusal, with its words", () => {
    const plan = planQuoted({ evidence: [sentence("A.")], settings, prompt, form: wrapped });
    expect(languageOf(plan)).toEqual([
      "Happy to help:\nA. [1]\nAnything else?",
      "Happy to help:\nA. [1]\nBye [1]!",
      "Here it is:\nA. [1]\nAnything else?",
      "Here it is:\nA. [1]\nBye [1]!",
    ]);
    expect(plan.parse("Here it is:\nA. [1]\nBye [1]!")?.evidence[0]?.n).toBe(1);
    expect(plan.parse("Here it is:\nA. [1]")).toBeUndefined();
    expect(plan.parse("A. [1]")).toBeUndefined();
    const refusal = planQuoted({ evidence: [], settings, prompt, form: wrapped });
    expect(refusal.parse(`Here it is:\n${prompt.refusal}\nAnything else?`)?.refused).toBe(true);
  });

  test("every text of the language reads back to a true sentence, whatever the words", () => {
    const words = fc.string({ unit: "binary", minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ text: words, score: fc.double({ min: -1, max: 1, noNaN: true }), p: fc.nat(5) }),
        ),
        fc.option(
          fc.record({
            opening: fc.array(words, { minLength: 1, maxLength: 3 }),
            closing: fc.array(words, { minLength: 1, maxLength: 3 }),
            separator: fc.constantFrom(" ", "\n", "", " — "),
          }),
          { nil: undefined },
        ),
        fc.integer({ min: 1, max: 5 }),
        (found, wrap, maxChoices) => {
          const evidence = found
            .map(({ text, score, p }) => sentence(text, score, p))
            .sort((a, b) => b.score - a.score);
          const form: AdapterForm | undefined = wrap ? { type: "wrapped", ...wrap } : undefined;
          const plan = planQuoted({
            evidence,
            settings: { ...settings, maxChoices },
            prompt,
            ...(form ? { form } : {}),
          });
          for (const text of languageOf(plan)) {
            const answer = plan.parse(text);
            expect(answer?.refused).toBe(plan.refused);
            for (const each of answer?.evidence ?? []) {
              expect(evidence).toContain(each.sentence);
              expect(each.n).toBe(each.sentence.passageIndex + 1);
              expect(text).toContain(`${each.sentence.text} [${each.n}]`);
            }
          }
          expect(plan.refused).toBe(!evidence.some(({ score }) => score >= 0));
        },
      ),
      { numRuns: 500 },
    );
  });

  describe("a json form", () => {
    const form: AdapterForm = {
      type: "json",
      schema: {
        type: "object",
        properties: {
          mood: { type: "string", enum: ["glad", "sorry"] },
          proof: { type: "object", properties: { "a/b": { type: "string" } } },
          quotes: { type: "array", items: { type: "string" } },
        },
      },
      evidenceSlots: ["/proof/a~1b", "/quotes/-"],
    };
    const texts = ['Say "hi".\nBye. [2]'];

    test("limits its evidence slots and leaves the rest", () => {
      const plan = planQuoted({ evidence: [sentence('Say "hi".\nBye.', 1, 1)], settings, prompt, form });
      expect(plan.format).toEqual({
        type: "json",
        schema: {
          type: "object",
          properties: {
            mood: { type: "string", enum: ["glad", "sorry"] },
            proof: { type: "object", properties: { "a/b": { type: "string", enum: texts } } },
            quotes: { type: "array", items: { type: "string", enum: texts } },
          },
        },
      });
      const said = JSON.stringify({ mood: "glad", proof: { "a/b": texts[0] }, quotes: [texts[0]] });
      expect(plan.parse(said)?.evidence.map(({ n }) => n)).toEqual([2, 2]);
      const forged = JSON.stringify({ mood: "glad", proof: { "a/b": texts[0] }, quotes: ["Say so. [2]"] });
      expect(plan.parse(forged)).toBeUndefined();
      expect(plan.parse(said.slice(0, -2))).toBeUndefined();
      expect(plan.parse("{}")).toBeUndefined();
    });

    test("holds the refusal when nothing answers", () => {
      const plan = planQuoted({ evidence: [], settings, prompt, form });
      expect(plan.refused).toBe(true);
      const said = JSON.stringify({ proof: { "a/b": prompt.refusal }, quotes: [] });
      expect(plan.parse(said)).toEqual({ refused: true, evidence: [] });
    });

    test("names a slot that leads nowhere", () => {
      const lost: AdapterForm = { ...form, evidenceSlots: ["/nope"] };
      expect(() => planQuoted({ evidence: [], settings, prompt, form: lost })).toThrow(
        expect.objectContaining({ code: "unsupported_schema", subject: "evidence slot /nope" }),
      );
    });
  });
});
