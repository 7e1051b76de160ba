import { both, headerFilter, rowsOfIds, stoodAt } from "../store/filter.ts";
import type { HistoryTable } from "../store/history-table.ts";
import type { LanceTable, TableView } from "../store/lance.ts";
import type { Row } from "../store/rows.ts";
import { documentsInBoth } from "./documents-in-both.ts";
import { findPastKeywords } from "./past-keywords.ts";
import type { WordForms } from "./word-forms.ts";

export interface AsOfParts {
  readonly live: LanceTable;
  readonly history: HistoryTable;
  readonly forms: WordForms;
  /** Epoch milliseconds. */
  readonly instant: number;
}

/**
 * A tenant's documents as they stood at an instant. Roles in it are those of today, so a filter means today's access.
 *
 * The live table is always read before the history: a version that is replaced meanwhile is then found in either or in
 * both, never in none.
 */
export function asOfView({ live, history, forms, instant }: AsOfParts): TableView {
  const then = stoodAt(instant);

  /** Of each document one version stood, so a document is remembered, and none of its rows. */
  async function* scan(filter: string, columns: readonly string[]): AsyncGenerator<Row[], void, undefined> {
    const names = columns.includes("documentId") ? columns : ["documentId", ...columns];
    const standing = new Set<unknown>();
    for await (const rows of live.scan(both(filter, then), names)) {
      for (const { documentId } of rows) standing.add(documentId);
      yield rows;
    }
    for await (const rows of history.scan(both(filter, then), names)) {
      yield rows.filter(({ documentId }) => !standing.has(documentId));
    }
  }

  const select = async (filter: string, columns: readonly string[]): Promise<Row[]> => {
    const found: Row[] = [];
    for await (const rows of scan(filter, columns)) found.push(...rows);
    return found;
  };

  return {
    select,
    scan,
    async count(filter) {
      const headers = both(headerFilter(), then);
      const held = async () => (await Promise.all([live.count(headers), history.count(headers)])).join(" ");
      const before = await held();
      const standing = await live.count(both(filter, then));
      const former = await history.count(both(filter, then));
      const inBoth = await documentsInBoth({ live, history, then });
      // No document was in both tables, and none came to the one or left the other meanwhile.
      if (inBoth.size === 0 && (await held()) === before) return standing + former;
      let count = 0;
      for await (const rows of scan(filter, ["documentId"])) count += rows.length;
      return count;
    },
    async nearest(vector, filter, limit, columns) {
      const standing = await live.nearest(vector, both(filter, then), limit, columns);
      const former = await history.nearest(vector, both(filter, then), limit, columns);
      return once([...standing, ...former].sort((a, b) => Number(a._distance) - Number(b._distance))).slice(
        0,
        limit,
      );
    },
    async keyword(clauses, filter, limit, columns) {
      const best = await findPastKeywords({ live, history, scan, forms, then }, clauses, filter, limit);
      // The filter again: a rule may have been taken back meanwhile.
      const rows = await select(both(filter, rowsOfIds(best.map(({ id }) => id))), columns);
      const byId = new Map(rows.map((row) => [String(row.id), row]));
      return best.flatMap(({ id, score }) => {
        const row = byId.get(id);
        return row ? [{ ...row, _score: score }] : [];
      });
    },
  };
}

/** Rows of each id once, the first of them. */
function once(rows: readonly Row[]): Row[] {
  const seen = new Set<unknown>();
  return rows.filter(({ id }) => !seen.has(id) && seen.add(id));
}
