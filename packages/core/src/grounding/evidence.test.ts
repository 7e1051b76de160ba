import type { Embedder } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { passage } from "../../test/passage.ts";
import { DEFAULT_EVIDENCE, scoreEvidence } from "./evidence.ts";

const settings = DEFAULT_EVIDENCE;
const best = async (question: string, ...texts: string[]) =>
  (await scoreEvidence({ question, passages: texts.map((text, i) => passage(text, i)), settings }))[0];

/** Finds the passages that hold the word near to every question, and no other. */
const embedderFor = (word: string): Embedder => ({
  id: "test",
  dimensions: 2,
  maxTokens: 512,
  embed: async (texts, kind) =>
    texts.map((text) => Float32Array.from(kind === "query" || text.includes(word) ? [1, 0] : [0, 1])),
  countTokens: (texts) => texts.map(() => 1),
  dispose: async () => {},
  [Symbol.asyncDispose]: async () => {},
});

describe("scoreEvidence", () => {
  test.each<[string, string, string[]]>([
    [
      "How many days of leave do I get?",
      "Employees get 25 days of paid leave a year.",
      [
        "Leave is granted by the team lead. Employees get 25 days of paid leave a year. Leave may not be sold.",
      ],
    ],
    [
      "When was the depot opened?",
      "The depot opened in May 2014.",
      ["The depot stands by the river. The depot opened in May 2014. The depot has two gates."],
    ],
    [
      "Who leads the depot?",
      "It is led by Ida Voss.",
      ["The depot stands by the river. It is led by Ida Voss. Its gates open at seven."],
    ],
    [
      "what does E-4012 mean",
      "E-4012 | Probe is not connected",
      [
        "| Code | Meaning |\n|---|---|\n| E-4011 | Probe is too warm |\n| E-4012 | Probe is not connected |\n| E-4012-B | Probe is broken |",
      ],
    ],
    [
      "How much vacation do new colleagues have?",
      "New employees have 24 days of paid leave.",
      ["Visitors sign in at the desk. New employees have 24 days of paid leave. Lunch is at noon."],
    ],
    [
      "what is ingest_port set to",
      "ingest_port = 8883",
      ["The ingest server reads its settings from a file:\n\n```\nhost = ingest\ningest_port = 8883\n```"],
    ],
  ])("%s", async (question, expected, texts) => {
    const found = await best(question, ...texts);
    expect(found?.text).toBe(expected);
    expect(found?.score).toBeGreaterThan(settings.refusalThreshold);
  });

  test.each([
    ["What does E-4013 mean?", "E-4011 means that the probe is too warm. E-4012 means that it is gone."],
    [
      "Who won the chess olympiad in Batumi?",
      "Employees get 25 days of paid leave a year. Leave may not be sold.",
    ],
    ["How do I book a parking space?", "The office opens at seven. Bring your badge."],
    ["", "The office opens at seven."],
    ["what about it?", "The office opens at seven."],
  ])("no sentence answers %j", async (question, text) => {
    expect((await best(question, text))?.score).toBeLessThan(settings.refusalThreshold);
  });

  test("a title or heading stands for what its sentences leave unsaid", async () => {
    const ask = (title: string) =>
      scoreEvidence({
        question: "How heavy is the Orbit X1?",
        passages: [passage("It weighs 410 g.", 0, { title })],
        settings,
      });
    const [named] = await ask("Orbit X1");
    const [other] = await ask("Visitors");
    expect(named?.score).toBeGreaterThan((other?.score ?? 0) + 1);
  });

  test("sentences come best first, each the exact slice of its document", async () => {
    const words = fc.constantFrom(
      "leave",
      "days",
      "Anna",
      "25",
      "E-1",
      ".",
      "\n\n",
      "# ",
      "- ",
      "| ",
      "office",
    );
    const text = fc.array(words, { maxLength: 30 }).map((parts) => parts.join(" "));
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { maxLength: 4 }), async (question, texts) => {
        const passages = texts.map((each, i) => passage(each, i));
        const found = await scoreEvidence({ question, passages, settings });
        let last = Number.POSITIVE_INFINITY;
        for (const { passageIndex, start, end, text: slice, score } of found) {
          const page = passages[passageIndex];
          expect(page?.text.slice(start - page.start, end - page.start)).toBe(slice);
          expect(score).toBeLessThanOrEqual(last);
          expect(Number.isFinite(score)).toBe(true);
          last = score;
        }
      }),
      { numRuns: 200 },
    );
  });

  test("an embedder moves the choice among equals, and weight 0 never calls it", async () => {
    const passages = [passage("The red door opens. The blue door opens.")];
    const ask = (word: string, embeddingWeight = 1) =>
      scoreEvidence({
        question: "Which door?",
        passages,
        embedder: embedderFor(word),
        settings: { ...settings, embeddingWeight },
      });
    expect((await ask("red"))[0]?.text).toBe("The red door opens.");
    expect((await ask("blue"))[0]?.text).toBe("The blue door opens.");
    const silent = embedderFor("red");
    const embed = vi.spyOn(silent, "embed");
    await scoreEvidence({
      question: "door",
      passages,
      embedder: silent,
      settings: { ...settings, embeddingWeight: 0 },
    });
    expect(embed).not.toHaveBeenCalled();
  });

  test("likelihood moves the choice by its weight, and weight 0 never asks the model", async () => {
    const passages = [passage("The red door opens. The blue door opens.")];
    const likelihood = vi.fn(async (texts: readonly string[]) =>
      texts.map((text) => (text.includes("blue") ? -1 : -3)),
    );
    const ask = (likelihoodWeight: number) =>
      scoreEvidence({
        question: "Which door?",
        passages,
        likelihood,
        settings: { ...settings, likelihoodWeight },
      });
    await ask(0);
    expect(likelihood).not.toHaveBeenCalled();
    expect((await ask(1))[0]?.text).toBe("The blue door opens.");
  });

  test("no passages, no evidence", async () => {
    expect(await scoreEvidence({ question: "Why?", passages: [], settings })).toEqual([]);
  });

  test("an aborted signal ends it", async () => {
    const request = { question: "Why?", passages: [passage("Because.")], settings };
    await expect(scoreEvidence({ ...request, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });

  test("a hostile page costs no more than a long one", async () => {
    const hostile = [
      "leave ".repeat(300_000),
      "Leave leave leave. ".repeat(50_000),
      "| a | b |\n".repeat(50_000),
    ];
    const start = performance.now();
    await best(`leave ${"days leave ".repeat(700)}`, ...hostile);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
