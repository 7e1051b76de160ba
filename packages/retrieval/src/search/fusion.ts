/**
 * Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009, who took 60). A small one lets the first places
 * of the better leg stand, which a weak embedder would else drag down: measured, see docs/retrieval.md.
 */
const RANK_CONSTANT = 5;

/** What a place in a list counts, in (0, 1]; rank is 1-based. */
export function rankShare(rank: number): number {
  return (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank);
}

export interface Fused {
  readonly id: string;
  /** In (0, 1], from ranks alone. */
  readonly score: number;
  /** 1-based. */
  readonly ranks: { readonly vector?: number; readonly keyword?: number };
}

/**
 * Fuses two ranked lists of ids by weighted reciprocal ranks. `vectorWeight` in [0, 1] is the vector leg's share. Equal
 * sums are ordered by the keyword rank, then by id, so that the same lists always give the same order.
 */
export function fuse(keyword: readonly string[], vector: readonly string[], vectorWeight: number): Fused[] {
  const places = new Map<string, { vector?: number; keyword?: number }>();
  for (const [index, id] of keyword.entries()) places.set(id, { keyword: index + 1 });
  for (const [index, id] of vector.entries()) places.set(id, { ...places.get(id), vector: index + 1 });
  const share = (rank: number | undefined) => (rank === undefined ? 0 : rankShare(rank));
  const fused = [...places].map(([id, ranks]) => ({
    id,
    score: (1 - vectorWeight) * share(ranks.keyword) + vectorWeight * share(ranks.vector),
    ranks,
  }));
  const last = Number.POSITIVE_INFINITY;
  return fused
    .filter(({ score }) => score > 0)
    .sort(
      (a, b) =>
        b.score - a.score || (a.ranks.keyword ?? last) - (b.ranks.keyword ?? last) || (a.id < b.id ? -1 : 1),
    );
}
