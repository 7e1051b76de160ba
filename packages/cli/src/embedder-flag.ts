import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BadInputError } from "@advisor/contracts";
import type { AdvisorSettings } from "@advisor/core";
import { EMBEDDED } from "./flag-values.ts";

type EmbedderSetting = NonNullable<AdvisorSettings["embedder"]>;

/** Fields of an embedder's settings that are paths: relative ones are meant from the file they stand in. */
const PATHS = ["folder", "path"] as const;

/**
 * What `--embedder` names: nano, a folder, a GGUF, or a JSON file with the settings of an embedder, which is read here.
 * @throws BadInputError `invalid_setting`, naming the file.
 */
export function embedderOf(flag: string, cwd: string): EmbedderSetting {
  // An address is refused where it is understood.
  if (flag === EMBEDDED || /^https?:\/\//i.test(flag)) return flag;
  const path = resolve(cwd, flag);
  if (!/\.json$/i.test(flag)) return path;
  const settings = readSettings(path);
  for (const field of PATHS) {
    const value = settings[field];
    if (typeof value === "string") settings[field] = resolve(dirname(path), value);
  }
  return settings as unknown as EmbedderSetting;
}

function readSettings(path: string): Record<string, unknown> {
  let reason: string;
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    reason = "it holds no JSON object";
  } catch (error) {
    cause = error;
    const { code } = error as NodeJS.ErrnoException;
    // What is wrong with the JSON is not repeated: it may hold a key.
    reason = code === undefined ? "it is not JSON" : `it cannot be read (${code})`;
  }
  throw new BadInputError({
    code: "invalid_setting",
    subject: `--embedder ${path}`,
    reason,
    nextStep: 'Write an object such as {"type": "openai", "url": …, "model": …} into it',
    cause: reason === "it is not JSON" ? undefined : cause,
  });
}
