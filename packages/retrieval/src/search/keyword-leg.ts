import type { Principal } from "@advisor/contracts";
import { chunkFilter } from "../store/filter.ts";
import type { LanceTable } from "../store/lance.ts";
import { PASSAGE_COLUMNS } from "../store/schema.ts";
import { identifiersOf } from "./identifiers.ts";
import type { Leg } from "./leg.ts";

/** Chunks the principal may read that share words or identifiers with the question, by BM25. */
export async function searchKeywords(
  table: LanceTable,
  query: string,
  principal: Principal,
  limit: number,
): Promise<Leg> {
  const begin = performance.now();
  if (!/[\p{L}\p{N}]/u.test(query)) return { rows: [], elapsedMs: 0 };
  const words = { text: query, identifiers: identifiersOf(query) };
  const rows = await table.keyword(words, chunkFilter(principal), limit, PASSAGE_COLUMNS);
  return { rows: byScore(rows), elapsedMs: performance.now() - begin };
}

/** Equal scores are ordered by id, so that the same store always answers alike. */
function byScore(rows: Leg["rows"]): Leg["rows"] {
  return [...rows].sort(
    (a, b) => Number(b._score) - Number(a._score) || (String(a.id) < String(b.id) ? -1 : 1),
  );
}
