import type { TableView } from "../store/lance.ts";
import { PASSAGE_COLUMNS } from "../store/schema.ts";
import type { Leg } from "./leg.ts";

/** Permitted chunks whose vectors are nearest to the question's. A question without a known word finds none. */
export async function searchVectors(
  table: TableView,
  vector: Float32Array,
  permitted: string,
  limit: number,
): Promise<Leg> {
  const begin = performance.now();
  if (vector.every((value) => value === 0)) return { rows: [], elapsedMs: 0 };
  const rows = await table.nearest(vector, permitted, limit, PASSAGE_COLUMNS);
  const ordered = [...rows].sort(
    (a, b) => Number(a._distance) - Number(b._distance) || (String(a.id) < String(b.id) ? -1 : 1),
  );
  return { rows: ordered, elapsedMs: performance.now() - begin };
}
