import type {
  Embedder,
  Filter,
  Neighbours,
  Passage,
  Principal,
  SearchMode,
  SearchResult,
} from "@advisor/contracts";
import { chunkFilter } from "../store/filter.ts";
import type { Row, TableView } from "../store/lance.ts";
import { type Folded, foldCopies } from "./copies.ts";
import { fuse } from "./fusion.ts";
import { type KeywordLeg, searchKeywords } from "./keyword-leg.ts";
import { copyOf, type Leg, passageOf } from "./leg.ts";
import { widen, withoutCovered } from "./neighbours.ts";
import { type Candidate, type Reranking, rerank } from "./rerank.ts";
import { spread } from "./spread.ts";
import { searchVectors } from "./vector-leg.ts";

/** Candidates each leg gives, at least: deeper ranks change the first places no more. */
const MIN_CANDIDATES = 50;
/** Copies are looked for this far behind the last place. */
const COPIES_AHEAD = 20;
/**
 * The vector leg's share when an identifier of the question was found: to an embedder `E-4012` and `E-4013` are one, so it
 * only orders what the words leave equal. Measured, see docs/retrieval.md.
 */
const IDENTIFIER_VECTOR_WEIGHT = 0.03;
const NO_NEIGHBOURS: Neighbours = { before: 0, after: 0 };

export interface SearchParts {
  readonly table: TableView | undefined;
  readonly embedder: Embedder;
  /** The vector leg's share in a hybrid search, in [0, 1]. */
  readonly vectorWeight: number;
  readonly reranking?: Reranking | undefined;
}

export interface ParsedSearch {
  readonly query: string;
  readonly principal: Principal;
  readonly topK: number;
  readonly mode: SearchMode;
  readonly filter?: Filter | undefined;
  readonly neighbours?: Neighbours | undefined;
  readonly copies: "fold" | "keep";
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the legs side by side, each limited to what the principal may read and the filter leaves. A hybrid search fuses
 * their ranks, has the first candidates reranked if there is a reranker, and spreads the first places over documents; a
 * search by one leg gives that leg's order. At last copies are folded and passages widened. Whatever comes after the legs
 * sees permitted passages alone.
 */
export async function searchTable(parts: SearchParts, request: ParsedSearch): Promise<SearchResult> {
  const begin = performance.now();
  const { table, reranking } = parts;
  if (!table || request.query.trim() === "") {
    return { passages: [], timings: { totalMs: performance.now() - begin }, warnings: [] };
  }
  const { query, principal, topK, mode, filter, neighbours = NO_NEIGHBOURS, signal } = request;
  const hybrid = mode === "hybrid";
  const legs = await runLegs(parts, table, request);
  const lap = stopwatch();

  let candidates = fuseLegs(legs, mode, parts.vectorWeight);
  const fuseMs = lap();
  if (hybrid && reranking) candidates = await rerank(candidates, reranking, query, signal);
  const rerankMs = lap();

  const wide = neighbours.before + neighbours.after > 0;
  const enough = wide ? candidates.length : topK + COPIES_AHEAD;
  const arranged = hybrid ? spread(candidates, ({ row }) => String(row.documentId)) : candidates;
  const folded =
    request.copies === "fold" ? foldCopies(arranged, ({ row }) => String(row.text), enough) : alone(arranged);
  const placeOf = ({ item: { row } }: Folded<Candidate>) => ({
    documentId: String(row.documentId),
    ordinal: Number(row.ordinal),
  });
  const first = withoutCovered(folded, placeOf, neighbours, topK).map(({ item, copies }): Passage => {
    const passage = passageOf(item.row, item.score, item.ranks);
    return copies.length > 0 ? { ...passage, copies: copies.map(({ row }) => copyOf(row)) } : passage;
  });
  const arrangeMs = lap();
  const widened = await widen(table, first, neighbours, principal, filter);
  const widenMs = lap();
  return {
    passages: widened,
    timings: {
      ...(legs.vector ? { embedMs: legs.embedMs, vectorMs: legs.vector.elapsedMs } : {}),
      ...(legs.keyword ? { keywordMs: legs.keyword.elapsedMs } : {}),
      fuseMs,
      ...(hybrid && reranking ? { rerankMs } : {}),
      arrangeMs,
      ...(wide ? { widenMs } : {}),
      totalMs: performance.now() - begin,
    },
    warnings: [],
  };
}

function* alone<Item>(items: Iterable<Item>): Generator<Folded<Item>, void, undefined> {
  for (const item of items) yield { item, copies: [] };
}

interface Legs {
  readonly keyword: KeywordLeg | undefined;
  readonly vector: Leg | undefined;
  readonly embedMs: number;
}

async function runLegs(
  { embedder, reranking }: SearchParts,
  table: TableView,
  { query, principal, topK, mode, filter, signal }: ParsedSearch,
): Promise<Legs> {
  const begin = performance.now();
  const permitted = chunkFilter(principal, filter);
  const limit = Math.max(MIN_CANDIDATES, reranking?.depth ?? 0, 2 * topK);
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
  return { keyword, vector, embedMs };
}

function fuseLegs({ keyword, vector }: Legs, mode: SearchMode, vectorWeight: number): Candidate[] {
  const rows = new Map<string, Row>();
  for (const row of [...(vector?.rows ?? []), ...(keyword?.rows ?? [])]) rows.set(String(row.id), row);
  const hybridWeight = keyword?.holdsIdentifier
    ? Math.min(vectorWeight, IDENTIFIER_VECTOR_WEIGHT)
    : vectorWeight;
  const weight = mode === "hybrid" ? hybridWeight : mode === "vector" ? 1 : 0;
  return fuse(idsOf(keyword), idsOf(vector), weight).flatMap((fused) => {
    const row = rows.get(fused.id);
    return row ? [{ ...fused, row }] : [];
  });
}

function idsOf(leg: Leg | undefined): string[] {
  return leg?.rows.map((row) => String(row.id)) ?? [];
}

/** Milliseconds since it was last asked. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const elapsed = now - last;
    last = now;
    return elapsed;
  };
}
