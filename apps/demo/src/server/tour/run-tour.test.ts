import type { Advisor, Answer, AskRequest, Mode } from "@advisor/core";
import { describe, expect, it } from "vitest";
import { ARMS } from "../../shared/wire.ts";
import { length } from "../terminal/wrap.ts";
import { TOUR_QUESTIONS } from "./questions.ts";
import { runTour } from "./run-tour.ts";

/** Answers everything alike, with the arm's place in its timings. */
function advisorThat(
  asked: AskRequest[],
  write: (mode: Mode) => string = (mode) => `${mode} says: ${"a word ".repeat(30)}[1]`,
): Advisor {
  const ask = async (request: string | AskRequest): Promise<Answer> => {
    if (typeof request === "string") throw new Error("The tour names who asks.");
    asked.push(request);
    const mode = request.mode as Mode;
    const place = ARMS.indexOf(mode) + 1;
    return {
      id: "x",
      text: write(mode),
      refused: false,
      mode,
      citations: [
        {
          ...{ n: 1, claim: "", uri: "hr/leave.pdf", title: "Leave", quote: "another word" },
          place: { unit: "page", first: 3, last: 3 },
          verdict: "verified",
        },
      ],
      passages: [],
      timings: {
        retrievalMs: 0,
        groundingMs: 0,
        promptTokens: 1000 * place,
        completionTokens: 1,
        queueMs: 0,
        firstTokenMs: place + 0.04,
        generationMs: 1,
        tokensPerSecond: 300.4,
        totalMs: 11_000 + place,
      },
      warnings: [{ code: "w", message: "A passage was dropped." }],
    };
  };
  return { ask } as Partial<Advisor> as Advisor;
}

async function tour(write?: (mode: Mode) => string) {
  const asked: AskRequest[] = [];
  let text = "";
  const out = { write: (more: string) => (text += more) };
  await runTour({ advisor: advisorThat(asked, write), out, signal: new AbortController().signal });
  return { asked, text, lines: text.split("\n") };
}

describe("the tour", () => {
  it("asks three questions in each of the four arms, as the role it says", async () => {
    const { asked, text } = await tour();
    for (const { question, role } of TOUR_QUESTIONS) {
      const own = asked.filter((ask) => ask.question === question);
      expect(own.slice(0, 4).map(({ mode }) => mode)).toEqual([...ARMS]);
      expect(own.slice(0, 4).every(({ principal }) => principal?.roles.includes(role))).toBe(true);
      expect(text).toContain(question.slice(0, 40));
    }
    expect(new Set(asked.map(({ question }) => question)).size).toBe(3);
  });

  it("prints answers with citations, verdicts and warnings", async () => {
    const { text } = await tour();
    expect(text).toContain("hybrid says: a word");
    expect(text).toContain("[1] verified: Leave, hr/leave.pdf, page 3");
    expect(text).toContain("“another word”");
    expect(text).toContain("note: A passage was dropped.");
  });

  it("cuts what goes on for long, and says so", async () => {
    const { text } = await tour((mode) => (mode === "base" ? "the sample ".repeat(128) : "Short."));
    expect(text.match(/… and 19 lines more/g)).toHaveLength(3);
    expect(text.match(/the sample/g)?.length).toBeLessThan(60);
  });

  it("fits in 80 columns, without colours where there is no terminal", async () => {
    const { lines } = await tour();
    for (const line of lines) expect(length(line)).toBeLessThanOrEqual(80);
    expect(lines.join("")).not.toContain("\u001b");
  });

  it("ends with the timings side by side, in aligned columns", async () => {
    const { lines } = await tour();
    const head = lines.findIndex((line) => /base +retrieval +adapter +hybrid$/.test(line));
    expect(head).toBeGreaterThan(0);
    const rows = lines.slice(head + 2, head + 7);
    const cells = (row: string) => row.slice(24).trim().split(/ +/);
    expect(rows.map((row) => row.slice(0, 24).trim())).toEqual([
      "1  retrieval, ms",
      "prompt, tokens",
      "first token, ms",
      "tokens per second",
      "total, ms",
    ]);
    expect(rows.map(cells)).toEqual([
      ["–", "–", "–", "–"],
      ["1,000", "2,000", "3,000", "4,000"],
      ["1.0", "2.0", "3.0", "4.0"],
      ["300", "300", "300", "300"],
      ["11,001", "11,002", "11,003", "11,004"],
    ]);
    expect(new Set(rows.map(length)).size).toBe(1);
  });
});
