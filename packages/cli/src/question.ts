import { BadInputError } from "@advisor/contracts";
import { type BatchFlags, parseNumber } from "./flags.ts";

/** Beyond this, questions only wait for each other. */
const MAX_CONCURRENCY = 64;

/** Side by side, questions take part of each other's time, and their timings say little. */
const ONE_BY_ONE = "1";

export type Asked =
  | { readonly batch: false; readonly question: string }
  | { readonly batch: true; readonly file: string; readonly concurrency: number };

/** One question in words, or a file of them: exactly one of the two. */
export function questionOf(command: string, words: readonly string[], flags: BatchFlags): Asked {
  const question = words.join(" ").trim();
  const wrong = (subject: string, reason: string) =>
    new BadInputError({
      code: "invalid_request",
      subject,
      reason,
      nextStep: `Write \`advisor ${command} "…"\`, or \`advisor ${command} --batch FILE\` for many at once`,
    });
  if (flags.batch !== undefined) {
    if (words.length > 0) throw wrong(`--batch ${flags.batch}`, "a question stands beside it");
    return {
      batch: true,
      file: flags.batch,
      concurrency: parseNumber("--concurrency", flags.concurrency ?? ONE_BY_ONE, {
        min: 1,
        max: MAX_CONCURRENCY,
      }),
    };
  }
  if (question === "") throw wrong(`advisor ${command}`, "the question is missing");
  return { batch: false, question };
}
