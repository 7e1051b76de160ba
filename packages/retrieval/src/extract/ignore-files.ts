import ignore, { type Ignore } from "ignore";
import { Unreadable } from "./front-matter.ts";
import { readTextFile } from "./read-file.ts";

/** Files that name what is passed over, in the syntax of `.gitignore`; the later one wins. */
export const IGNORE_FILES = [".gitignore", ".advisorignore"] as const;
/** Limit on an ignore file, in UTF-16 units: each of its lines is held against every name below it. */
const MAX_IGNORE_LENGTH = 256 * 1024;

/** Most runs of `*` in one line: each multiplies the time that a long name can take. */
const MAX_WILDCARDS = 6;

/** The rules that hold in a folder: its own, and those of the folders above it within the synced one. */
export interface IgnoreRules {
  /** Whether a path (from the synced folder, with forward slashes; a folder's ends in one) is passed over. */
  ignores(path: string): boolean;
  /** These rules and those of ignore files with such texts in the folder `prefix`, which is empty or ends in a slash. */
  within(prefix: string, texts: readonly string[]): IgnoreRules;
}

interface Level {
  readonly prefix: string;
  readonly rules: Ignore;
}

export const NO_IGNORE_RULES: IgnoreRules = fromLevels([]);

/** As Git does it: the deepest file that says something about a path decides, and names are case-sensitive. */
function fromLevels(levels: readonly Level[]): IgnoreRules {
  return {
    ignores(path) {
      for (let i = levels.length - 1; i >= 0; i--) {
        const level = levels[i] as Level;
        const { ignored, unignored } = level.rules.test(path.slice(level.prefix.length));
        if (ignored || unignored) return ignored;
      }
      return false;
    },
    within(prefix, texts) {
      if (texts.length === 0) return fromLevels(levels);
      const rules = ignore({ ignorecase: false });
      for (const text of texts) rules.add(text.replace(/^\ufeff/, ""));
      return fromLevels([...levels, { prefix, rules }]);
    },
  };
}

/** Reads one ignore file. Throws `Unreadable`: what somebody wanted left out is not to be read because of a bad file. */
export async function readIgnoreFile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if (error instanceof Unreadable && error.reason === "it is empty") return "";
    throw error;
  }
  if (text.length > MAX_IGNORE_LENGTH)
    throw new Unreadable("it is over 256 KiB, too long for an ignore file");
  for (const line of text.split("\n"))
    if (!line.startsWith("#") && (line.match(/\*+/g)?.length ?? 0) > MAX_WILDCARDS)
      throw new Unreadable(`a line of it has more than ${MAX_WILDCARDS} wildcards`);
  return text;
}
