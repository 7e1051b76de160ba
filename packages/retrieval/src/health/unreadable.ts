import { ADMINISTRATOR } from "@advisor/contracts";
import { SOURCE_CODE_ENDINGS } from "../extract/source-code.ts";
import { type Finding, type Page, placeIn } from "./page.ts";

/** A role of at least this many pages is taken for one that exists. */
const ESTABLISHED_PAGES = 3;
/** In a store of fewer pages than this a role named once says nothing. */
const MIN_PAGES_FOR_RARE = 10;

/**
 * Pages that nobody but administrators may read, and roles that look mistyped: who may ask with which role is not known
 * to the store, so what can be seen is that no other page names it.
 */
export function checkUnreadable(pages: readonly Page[]): Finding[] {
  const count = new Map<string, number>();
  for (const { roles } of pages)
    for (const role of new Set(roles)) count.set(role, (count.get(role) ?? 0) + 1);
  const established = [...count].filter(([, pages]) => pages >= ESTABLISHED_PAGES).map(([role]) => role);

  return pages.flatMap((page): Finding[] => {
    const roles = [...new Set(page.roles)].filter((role) => role !== ADMINISTRATOR);
    if (roles.length === 0) {
      return [
        {
          check: "unreadable",
          severity: "note",
          ...placeIn(page),
          message: "The page names no role, so administrators alone may read it",
          nextStep: hasFrontMatter(page.uri)
            ? "Name its readers in the front matter, as in roles: [staff], if that is not meant"
            : "Name its readers where it is synced (default roles, --default-role) if that is not meant: it can hold no front matter",
        },
      ];
    }
    return roles.flatMap((role): Finding[] => {
      if ((count.get(role) ?? 0) > 1) return [];
      const meant = established.find((other) => looksMistyped(role, other));
      if (meant !== undefined) {
        return [
          {
            check: "unreadable",
            severity: "problem",
            ...placeIn(page),
            message: `The role ${role} is named by this page alone and looks like ${meant}, which ${count.get(meant)} pages name`,
            nextStep: `Write ${meant}, if that is meant`,
          },
        ];
      }
      if (pages.length < MIN_PAGES_FOR_RARE) return [];
      return [
        {
          check: "unreadable",
          severity: "note",
          ...placeIn(page),
          message: `The role ${role} is named by this page alone`,
          nextStep: "Make sure that somebody holds it and that it is spelt as elsewhere",
        },
      ];
    });
  });
}

/** A PDF, a DOCX and source code can name no readers themselves. */
function hasFrontMatter(uri: string): boolean {
  const ending = uri.slice(uri.lastIndexOf(".")).toLowerCase();
  return ending !== ".pdf" && ending !== ".docx" && !Object.hasOwn(SOURCE_CODE_ENDINGS, ending);
}

/**
 * One or two typing errors apart. Names that differ in a digit or in a short last part (`team-a`, `team-b`) are counted
 * through on purpose.
 */
export function looksMistyped(role: string, other: string): boolean {
  const a = role.toLowerCase();
  const b = other.toLowerCase();
  if (a === b) return true;
  if (a.replace(/\d+/g, "0") === b.replace(/\d+/g, "0")) return false;
  const stem = (name: string) => name.replace(/[\s._-][^\s._-]{1,2}$/, "");
  if (stem(a) === stem(b)) return false;
  const shorter = Math.min(a.length, b.length);
  const allowed = shorter >= 6 ? 2 : shorter >= 4 ? 1 : 0;
  return allowed > 0 && editDistance(a, b) <= allowed;
}

/** Insertions, deletions, substitutions and swaps of neighbours (Damerau 1964, optimal string alignment). */
function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const cost = new Int32Array((a.length + 1) * width);
  const at = (i: number, j: number) => cost[i * width + j] as number;
  for (let i = 0; i <= a.length; i++) cost[i * width] = i;
  for (let j = 0; j <= b.length; j++) cost[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1);
      cost[i * width + j] = best;
    }
  }
  return at(a.length, b.length);
}
