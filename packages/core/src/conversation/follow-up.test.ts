import { MAX_QUERY_LENGTH, type Message } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FOLLOW_UPS } from "../../test/follow-ups.ts";
import { resolveFollowUp } from "./follow-up.ts";

const turns = (...questions: string[]): Message[] =>
  questions.flatMap((content) => [
    { role: "user" as const, content },
    { role: "assistant" as const, content: "It is so. [1]" },
  ]);
const LEAVE = "How many days of annual leave do employees get?";

describe("resolveFollowUp", () => {
  it.each(FOLLOW_UPS)("$question", ({ before, question, leans }) => {
    const history = turns(...before.map(([asked]) => asked));
    expect(resolveFollowUp(question, history).changed).toBe(leans);
  });

  it("leaves every question alone when nothing was said before", () => {
    for (const { question } of FOLLOW_UPS) {
      expect(resolveFollowUp(question, [])).toEqual({ text: question, changed: false });
    }
    expect(resolveFollowUp("and then?", [{ role: "assistant", content: "Welcome." }]).changed).toBe(false);
  });

  it("adds the content words of the question before, each once", () => {
    expect(resolveFollowUp("And for contractors?", turns(LEAVE)).text).toBe(
      "And for contractors? days annual leave employees get",
    );
    expect(resolveFollowUp("Do they lapse after days of illness?", turns(LEAVE)).text).not.toMatch(
      /days.*days/,
    );
  });

  it("leaves the name out that the question puts another in place of", () => {
    const norway = turns("How many days of leave do people in Norway get?");
    expect(resolveFollowUp("And in Poland?", norway).text).toBe("And in Poland? days leave people get");
    expect(resolveFollowUp("and E-5107?", turns("What does E-4012 mean?")).text).toBe("and E-5107? mean");
    // "it" is the thing named before, so the name stays.
    expect(resolveFollowUp("Does it have LTE?", turns("What is a Firn Gateway Mini?")).text).toBe(
      "Does it have LTE? Firn Gateway Mini",
    );
  });

  it("reaches back over a chain of follow-ups, to the question they lean on and no further", () => {
    const { text } = resolveFollowUp(
      "And part time?",
      turns("What is the wifi password?", LEAVE, "and for contractors?"),
    );
    expect(text).toMatch(/^And part time\? contractors .*annual leave/);
    expect(text).not.toMatch(/wifi/);
  });

  it("does not take a clause, a time or an empty 'it' for a reference", () => {
    for (const question of [
      "Is it possible to return opened parcels?",
      "How do I know that certificates expired?",
      "How many audits happen this year in Porto?",
      "Which laptop models are supported for firmware developers abroad?",
      "¿Cuántos días de vacaciones tengo?",
    ]) {
      expect([question, resolveFollowUp(question, turns(LEAVE)).changed]).toEqual([question, false]);
    }
  });

  it("leaves other scripts alone", () => {
    expect(resolveFollowUp("有効期限は？", turns(LEAVE)).changed).toBe(false);
  });

  it("begins with the question itself and stays a valid query, whatever was said", () => {
    const message = fc.record({
      role: fc.constantFrom("user" as const, "assistant" as const),
      content: fc.oneof(
        fc.string(),
        fc.lorem({ maxCount: 30 }),
        fc.string({ minLength: 9000, maxLength: 9000 }),
      ),
    });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(message, { maxLength: 8 }), (question, history) => {
        const { text, changed } = resolveFollowUp(question, history);
        expect(text.startsWith(changed ? question.trim() : question)).toBe(true);
        expect(text.length).toBeLessThanOrEqual(Math.max(question.length, MAX_QUERY_LENGTH));
        if (!changed) expect(text).toBe(question);
      }),
    );
  });
});
