import type { z } from "zod";

const KINDS = new Map([
  ["string", "a text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "an object"],
  ["record", "an object"],
]);

/**
 * What a value must be, as the end of a sentence about it, for people who call and know no zod. Undefined where zod's own
 * words, or those of the schema, do.
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = `must be ${KINDS.get(issue.expected) ?? issue.expected}`;
      return issue.input === undefined ? `is missing; it ${wanted}` : wanted;
    }
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return describeLimit(issue.origin, Number(issue.minimum), issue.inclusive ? "at least" : "more than");
    case "too_big":
      return describeLimit(issue.origin, Number(issue.maximum), issue.inclusive ? "at most" : "less than");
    case "unrecognized_keys":
      return `has no field ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    default:
      return undefined;
  }
}

function describeLimit(origin: string, limit: number, bound: string): string {
  if (bound === "at least" && limit === 1 && origin !== "number") return "must not be empty";
  const count = `${bound} ${limit.toLocaleString("en")}`;
  if (origin === "string") return `must have ${count} ${limit === 1 ? "character" : "characters"}`;
  if (origin === "array") return `must have ${count} ${limit === 1 ? "entry" : "entries"}`;
  return `must be ${count}`;
}
