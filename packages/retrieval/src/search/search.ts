import type { Embedder, Filter, Principal, SearchMode, SearchResult } from "@advisor/contracts";
import { chunkFilter } from "../store/filter.ts";
import type { Row, TableView } from "../store/lance.ts";
import { fuse } from "./fusion.ts";
import { searchKeywords } from "./keyword-leg.ts";
import { type Leg, passageOf } from "./leg.ts";
import { spread } from "./spread.ts";
import { searchVectors } from "./vector-leg.ts";

/** Candidates each leg gives to the fusion, at least: deeper ranks change the first places no more. */
const MIN_CANDIDATES = 50;

export interface SearchParts {
  readonly table: TableView | undefined;
  readonly embedder: Embedder;
  /** The vector leg's share in a hybrid search, in [0, 1]. */
  readonly vectorWeight: number;
}

export interface ParsedSearch {
  readonly query: string;
  readonly principal: Principal;
  readonly topK: number;
  readonly mode: SearchMode;
  readonly filter?: Filter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the legs side by side, each limited to what the principal may read. A hybrid search fuses their ranks and spreads
 * the first places over documents; a search by one leg gives that leg's order.
 */
export async function searchTable(parts: SearchParts, request: ParsedSearch): Promise<SearchResult> {
  const begin = performance.now();
  const { table, embedder } = parts;
  if (!table || request.query.trim() === "") {
    return { passages: [], timings: { totalMs: performance.now() - begin }, warnings: [] };
  }
  const { query, principal, topK, mode, filter, signal } = request;
  const permitted = chunkFilter(principal, filter);
  const limit = mode === "hybrid" ? Math.max(MIN_CANDIDATES, 2 * topK) : topK;
  let embedMs = 0;
  const byVector = async (): Promise<Leg> => {
    const [vector] = await embedder.embed([query], "query", signal);
    embedMs = performance.now() - begin;
    return vector ? searchVectors(table, vector, permitted, limit) : { rows: [], elapsedMs: 0 };
  };
  const [keyword, vector] = await Promise.all([
    mode === "vector" ? undefined : searchKeywords(table, query, permitted, limit),
    mode === "keyword" ? undefined : byVector(),
  ]);
  const fuseBegin = performance.now();
  const rows = new Map<string, Row>();
  for (const row of [...(vector?.rows ?? []), ...(keyword?.rows ?? [])]) rows.set(String(row.id), row);
  const weight = mode === "hybrid" ? parts.vectorWeight : mode === "vector" ? 1 : 0;
  const fused = fuse(idsOf(keyword), idsOf(vector), weight);
  const first =
    mode === "hybrid"
      ? spread(fused, ({ id }) => String(rows.get(id)?.documentId), topK)
      : fused.slice(0, topK);
  const passages = first.flatMap(({ id, score, ranks }) => {
    const row = rows.get(id);
    return row ? [passageOf(row, score, ranks)] : [];
  });
  const end = performance.now();
  return {
    passages,
    timings: {
      ...(vector ? { embedMs, vectorMs: vector.elapsedMs } : {}),
      ...(keyword ? { keywordMs: keyword.elapsedMs } : {}),
      fuseMs: end - fuseBegin,
      totalMs: end - begin,
    },
    warnings: [],
  };
}

function idsOf(leg: Leg | undefined): string[] {
  return leg?.rows.map((row) => String(row.id)) ?? [];
}
