import type { AdapterForm } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EvidenceSentence } from "./evidence.ts";
import { gbnfLiteral } from "./gbnf.ts";
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

/** Every text of a grammar that has no recursion: rules of literals, names and alternatives, as planQuoted writes them. */
function languageOf(grammar: string): string[] {
  const rules = new Map<string, string>();
  for (const line of grammar.trim().split("\n")) {
    const at = line.indexOf(" ::= ");
    rules.set(line.slice(0, at), line.slice(at + 5));
  }
  const expand = (body: string): string[] => {
    let texts: string[] = [];
    let current = [""];
    let rest = body;
    while (rest !== "") {
      const literal = /^"((?:[^"\\]|\\.)*)"/.exec(rest);
      const name = /^[a-z]+/.exec(rest);
      if (literal) current = current.map((text) => text + unescapeLiteral(literal[1] ?? ""));
      else if (name) {
        const inner = expand(rules.get(name[0]) ?? fail(`no rule ${name[0]}`));
        current = current.flatMap((text) => inner.map((more) => text + more));
      } else if (rest.startsWith("|")) {
        texts = [...texts, ...current];
        current = [""];
      }
      rest = rest.slice((literal ?? name)?.[0].length ?? 1).trimStart();
    }
    return [...texts, ...current];
  };
  return expand(rules.get("root") ?? fail("no root"));
}

function fail(reason: string): never {
  throw new Error(reason);
}

/** llama.cpp's `parse_char`: \xNN, \uNNNN, \UNNNNNNNN, \t \r \n \\ \" \[ \] and no other escape. */
function unescapeLiteral(text: string): string {
  return text.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([trn\\"[\]]))|\\/g,
    (whole, x, u, long, one) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (one === undefined) return fail(`llama.cpp knows no escape ${whole}`);
      return { t: "\t", r: "\r", n: "\n" }[one as string] ?? one;
    },
  );
}

const grammarOf = (plan: ReturnType<typeof planQuoted>): string =>
  plan.format.type === "gbnf" ? plan.format.grammar : fail("not a grammar");

describe("gbnfLiteral", () => {
  test("matches exactly its text, in plain ASCII without control characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), (text) => {
        const literal = gbnfLiteral(text);
        if (text.includes("\0")) {
          expect(literal).toBeUndefined();
          return;
        }
        expect(literal).toMatch(/^"[\x20-\x7e]*"$/);
        expect(languageOf(`root ::= ${literal}`)).toEqual([text]);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['say "no" \\ yes', '"say \\"no\\" \\\\ yes"'],
    ["a\nb\r\tc", '"a\\nb\\r\\tc"'],
    ["°C €", '"\\xB0C \\u20AC"'],
    ["\u{1f600}\u007f", '"\\U0001F600\\x7F"'],
  ])("%j", (text, literal) => {
    expect(gbnfLiteral(text)).toBe(literal);
  });

  test("refuses what UTF-8 cannot hold", () => {
    expect(gbnfLiteral("a\ud800b")).toBeUndefined();
    expect(gbnfLiteral("a\0b")).toBeUndefined();
  });
});

describe("planQuoted", () => {
  test("the language is the best sentence with its passage's number", () => {
    const plan = planQuoted({
      evidence: [sentence("Leave is 25 days.", 2, 2), sentence("Other.", -3)],
      settings,
      prompt,
    });
    expect(languageOf(grammarOf(plan))).toEqual(["Leave is 25 days. [3]"]);
    expect(plan.only).toBe("Leave is 25 days. [3]");
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
    const plan = planQuoted({ evidence, settings, prompt, maxChoices: 4 });
    expect(languageOf(grammarOf(plan))).toEqual(["A. [1]", "B. [2]"]);
    expect(plan.only).toBeUndefined();
    expect(plan.parse("B. [2]")?.evidence).toEqual([{ sentence: evidence[1], n: 2 }]);
    expect(plan.parse("C. [1]")).toBeUndefined();
  });

  test("under the threshold, or without evidence, it is the refusal", () => {
    for (const evidence of [[], [sentence("Leave is 25 days.", -0.1)]]) {
      const plan = planQuoted({ evidence, settings, prompt });
      expect(plan).toMatchObject({ refused: true, choices: [], only: prompt.refusal });
      expect(languageOf(grammarOf(plan))).toEqual([prompt.refusal]);
      expect(plan.parse(prompt.refusal)).toEqual({ refused: true, evidence: [] });
    }
  });

  test("a wrapped form surrounds the evidence, and the refusal, with its words", () => {
    const plan = planQuoted({ evidence: [sentence("A.")], settings, prompt, form: wrapped });
    expect(languageOf(grammarOf(plan))).toEqual([
      "Happy to help:\nA. [1]\nAnything else?",
      "Happy to help:\nA. [1]\nBye [1]!",
      "Here it is:\nA. [1]\nAnything else?",
      "Here it is:\nA. [1]\nBye [1]!",
    ]);
    expect(plan.only).toBeUndefined();
    expect(plan.parse("Here it is:\nA. [1]\nBye [1]!")?.evidence[0]?.n).toBe(1);
    expect(plan.parse("Here it is:\nA. [1]")).toBeUndefined();
    expect(plan.parse("A. [1]")).toBeUndefined();
    const refusal = planQuoted({ evidence: [], settings, prompt, form: wrapped });
    expect(refusal.parse(`Here it is:\n${prompt.refusal}\nAnything else?`)?.refused).toBe(true);
  });

  test("every text of the language reads back to a true sentence, whatever the words", () => {
    const words = fc.string({ unit: "binary", minLength: 1, maxLength: 30 });
    const speakable = words.filter((text) => gbnfLiteral(text) !== undefined);
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ text: words, score: fc.double({ min: -1, max: 1, noNaN: true }), p: fc.nat(5) }),
        ),
        fc.option(
          fc.record({
            opening: fc.array(speakable, { minLength: 1, maxLength: 3 }),
            closing: fc.array(speakable, { minLength: 1, maxLength: 3 }),
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
          const plan = planQuoted({ evidence, settings, prompt, maxChoices, ...(form ? { form } : {}) });
          for (const text of languageOf(grammarOf(plan))) {
            const answer = plan.parse(text);
            expect(answer?.refused).toBe(plan.refused);
            for (const each of answer?.evidence ?? []) {
              expect(evidence).toContain(each.sentence);
              expect(each.n).toBe(each.sentence.passageIndex + 1);
              expect(text).toContain(`${each.sentence.text} [${each.n}]`);
            }
          }
          const speaks = evidence.some(({ text, score }) => score >= 0 && gbnfLiteral(text) !== undefined);
          if (!speaks) expect(plan.refused).toBe(true);
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
      expect(plan.only).toBeUndefined();
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
