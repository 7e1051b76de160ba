import { BadInputError } from "@advisor/contracts";
import picomatch from "picomatch";

/** Which files of a folder are read, by glob. */
export interface Selection {
  /** Whether a path (from the folder, with forward slashes) is named by an `exclude` glob itself. */
  excludes(path: string): boolean;
  /** Whether a file, or a folder above it, is named by an `include` glob; true for all when there is none. */
  includes(path: string): boolean;
}

export const EVERYTHING: Selection = { excludes: () => false, includes: () => true };

export interface Globs {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Globs in picomatch's syntax (`*`, `**`, `?`, `[a-z]`, `{a,b}`), case-sensitive. One without a slash names files and
 * folders at every depth, one with a slash a path from the synced folder; who names a folder names all that is in it.
 * @throws BadInputError `invalid_request` for a glob that can name nothing in the folder.
 */
export function selectionOf({ include, exclude }: Globs): Selection {
  if (include === undefined && exclude === undefined) return EVERYTHING;
  const excluded = matcherOf("exclude", exclude ?? []);
  const included = include === undefined ? () => true : matcherOf("include", include);
  return {
    excludes: excluded,
    includes: (path) => included(path) || aboveOf(path).some(included),
  };
}

/** The folders above a path, outermost first. */
export function aboveOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function matcherOf(field: string, globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.map((glob) => {
    const path = glob.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
    if (path === "" || glob.startsWith("!") || path.split("/").includes("..")) {
      const negated = glob.startsWith("!");
      throw new BadInputError({
        code: "invalid_request",
        subject: `${field} ${JSON.stringify(glob.slice(0, 80))}`,
        reason: negated ? "a glob cannot begin with !" : "it names nothing inside the folder",
        nextStep: negated
          ? `Put it under ${field === "include" ? "exclude" : "include"}, without the mark`
          : 'Name paths from the folder on, such as "guides/**/*.md"',
      });
    }
    const anywhere = !path.includes("/") && !/^\.?\//.test(glob);
    return picomatch(path, { dot: true, nonegate: true, basename: anywhere });
  });
  return (path) => matchers.some((matches) => matches(path));
}
