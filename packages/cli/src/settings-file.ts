import { readFileSync } from "node:fs";
import { BadInputError } from "@advisor/contracts";

/**
 * Reads the JSON object of a file that a flag names. What is wrong with the JSON is not repeated: it may hold a key.
 * @throws BadInputError `invalid_setting`, naming flag and file, with the example as the next step.
 */
export function readSettingsFile(flag: string, path: string, example: string): Record<string, unknown> {
  let reason: string;
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    reason = "it holds no JSON object";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined) cause = error;
    reason = code === undefined ? "it is not JSON" : `it cannot be read (${code})`;
  }
  throw new BadInputError({
    code: "invalid_setting",
    subject: `${flag} ${path}`,
    reason,
    nextStep: `Write an object such as ${example} into it`,
    cause,
  });
}
