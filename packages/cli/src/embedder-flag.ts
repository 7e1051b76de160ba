import { dirname, resolve } from "node:path";
import type { AdvisorSettings } from "@advisor/core";
import { EMBEDDED } from "./flag-values.ts";
import { readSettingsFile } from "./settings-file.ts";

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
  const settings = readSettingsFile("--embedder", path, '{"type": "openai", "url": …, "model": …}');
  for (const field of PATHS) {
    const value = settings[field];
    if (typeof value === "string") settings[field] = resolve(dirname(path), value);
  }
  return settings as unknown as EmbedderSetting;
}
