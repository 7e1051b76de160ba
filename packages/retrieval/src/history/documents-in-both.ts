import { both, headerFilter } from "../store/filter.ts";
import type { TableReader } from "../store/table-reader.ts";

/** Documents of which the same version stands in both tables, since a writer is between its two commits or was killed there. */
export async function documentsInBoth({
  live,
  history,
  then,
}: {
  readonly live: Pick<TableReader, "scan">;
  readonly history: Pick<TableReader, "scan">;
  /** Filter: rows of versions that stood at the instant. */
  readonly then: string;
}): Promise<ReadonlySet<unknown>> {
  const former = new Set<unknown>();
  for await (const rows of history.scan(both(headerFilter(), then), ["id"])) {
    for (const { id } of rows) former.add(id);
  }
  const found = new Set<unknown>();
  if (former.size === 0) return found;
  for await (const rows of live.scan(both(headerFilter(), then), ["id"])) {
    for (const { id } of rows) if (former.has(id)) found.add(id);
  }
  return found;
}
