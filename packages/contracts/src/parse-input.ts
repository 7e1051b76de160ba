import type { z } from "zod";
import { describeIssue } from "./describe-issue.ts";
import { BadInputError, type BadInputErrorCode } from "./errors/bad-input-error.ts";

/**
 * Parses what a caller handed over, once, where it enters. On failure it throws a {@link BadInputError} that names the
 * field, such as `search request, topK`, and what is wrong with it.
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  subject: string,
  code: BadInputErrorCode = "invalid_request",
): z.output<Schema> {
  const result = schema.safeParse(value, { error: describeIssue });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.map(String).join(".");
  throw new BadInputError({
    code,
    subject: field ? `${subject}, ${field}` : subject,
    reason: issue
      ? issue.message.replace(/\.$/, "").replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())
      : "is not valid",
    nextStep: "Correct it and call again",
    cause: result.error,
  });
}
