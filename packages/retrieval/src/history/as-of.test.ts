import { expect, test } from "vitest";
import type { HistoryTable } from "../store/history-table.ts";
import type { LanceTable } from "../store/lance.ts";
import type { Row } from "../store/rows.ts";
import { asOfView } from "./as-of.ts";
import type { WordForms } from "./word-forms.ts";

const ROWS: readonly Row[] = [
  { id: "page", documentId: "page", kind: "document" },
  { id: "chunk", documentId: "page", kind: "chunk" },
];

/** A table that holds the page's two rows while `holds` says so, and tells of each count. */
function fakeTable(holds: () => boolean, onCount: (filter: string) => void = () => {}) {
  const matching = (filter: string) =>
    holds() ? ROWS.filter(({ kind }) => filter.includes(`kind = '${kind}'`)) : [];
  return {
    count: async (filter: string) => {
      const found = matching(filter).length;
      onCount(filter);
      return found;
    },
    async *scan(filter: string) {
      yield matching(filter);
    },
  };
}

test("a version that leaves the live table between two looks is counted once", async () => {
  for (const kind of ["document", "chunk"]) {
    // Its writer has made the first of its two commits, and makes the second after so many looks at the live table.
    for (let after = 1; after <= 3; after++) {
      let looks = 0;
      const live = fakeTable(
        () => looks < after,
        () => looks++,
      );
      const view = asOfView({
        live: live as unknown as LanceTable,
        history: fakeTable(() => true) as unknown as HistoryTable,
        forms: {} as WordForms,
        instant: 1,
      });
      expect(await view.count(`kind = '${kind}'`), `${kind}, ${after}`).toBe(1);
    }
  }
});
