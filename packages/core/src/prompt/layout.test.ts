import type { Message } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fill } from "./fill.ts";
import { normaliseHistory } from "./layout.ts";

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });

describe("fill", () => {
  it("fills in one pass and leaves unknown names", () => {
    expect(fill("[{n}] {title} {other}", { n: "1", title: "{n} $& $1" })).toBe("[1] {n} $& $1 {other}");
  });
});

describe("normaliseHistory", () => {
  it("begins with the user, alternates and ends with an answer, whatever came in", () => {
    const message = fc.record({
      role: fc.constantFrom("user" as const, "assistant" as const),
      content: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (history) => {
        const turns = normaliseHistory(history);
        expect(turns.length % 2).toBe(0);
        for (const [index, { role }] of turns.entries())
          expect(role).toBe(index % 2 === 0 ? "user" : "assistant");
      }),
    );
  });

  it("joins turns of one role and drops an unanswered question", () => {
    expect(normaliseHistory([assistant("Hi"), user("a"), user("b"), assistant("c"), user("d")])).toEqual([
      user("a\n\nb"),
      assistant("c"),
    ]);
  });

  it("takes marks out of answers, not out of questions or code", () => {
    const [question, answer] = normaliseHistory([
      user("See [1]?"),
      assistant("It is so [1][2]. And so.[3] Use list[1], f(x)[0] = [1, 2] and [4]: yes [12]"),
    ]);
    expect(question?.content).toBe("See [1]?");
    expect(answer?.content).toBe("It is so. And so. Use list[1], f(x)[0] = [1, 2] and: yes");
  });
});
