import { throwIfAborted } from "@advisor/contracts";
import { type Finding, type Page, placeIn } from "./page.ts";

/** A page counts as reached when a passage of it is among this many. */
export const REACHED_WITHIN = 10;

/** Pages of which no question finds a passage among the first {@link REACHED_WITHIN}. `find` gives document ids. */
export async function checkUnreached(
  pages: readonly Page[],
  questions: readonly { readonly question: string }[],
  find: (question: string) => Promise<readonly string[]>,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const reached = new Set<string>();
  const distinct = new Set(questions.map(({ question }) => question.trim()));
  distinct.delete("");
  for (const question of distinct) {
    throwIfAborted(signal, "check");
    for (const documentId of await find(question)) reached.add(documentId);
  }
  const asked =
    distinct.size === 1 ? "The one question finds no" : `None of ${distinct.size} questions finds a`;
  return pages
    .filter(({ documentId }) => !reached.has(documentId))
    .map((page) => ({
      check: "unreached",
      severity: "note",
      ...placeIn(page),
      message: `${asked} passage of this page among the first ${REACHED_WITHIN}`,
      nextStep: "See whether it answers anything that people ask, in the words that they use",
    }));
}
