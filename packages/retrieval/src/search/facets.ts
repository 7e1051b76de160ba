import {
  type CountRequest,
  type Counts,
  createFacetCounter,
  type FacetsResult,
  type facetsRequestSchema,
  throwIfAborted,
} from "@advisor/contracts";
import type { z } from "zod";
import { chunkFilter, documentsFilter } from "../store/filter.ts";
import type { TableView } from "../store/lance.ts";

/** How much the principal may read, counted inside the database. */
export async function countReadable(
  table: TableView | undefined,
  { principal, filter }: Pick<CountRequest, "principal" | "filter">,
): Promise<Counts> {
  if (!table) return { documents: 0, passages: 0 };
  const [documents, passages] = await Promise.all([
    table.count(documentsFilter(principal, filter)),
    table.count(chunkFilter(principal, filter)),
  ]);
  return { documents, passages };
}

/** Groups the documents that the principal may read. Of their headers only what is grouped by leaves the database. */
export async function facetsOfReadable(
  table: TableView | undefined,
  request: z.output<typeof facetsRequestSchema>,
  signal: AbortSignal | undefined,
): Promise<FacetsResult> {
  const { principal, filter, by } = request;
  const counter = createFacetCounter(request);
  const columns = ["source", "roles", ...(by.some((facet) => typeof facet === "object") ? ["metadata"] : [])];
  for await (const rows of table?.scan(documentsFilter(principal, filter), columns) ?? []) {
    throwIfAborted(signal, "facets");
    for (const row of rows) {
      counter.add({
        source: String(row.source),
        access: { tenant: principal.tenant, roles: (row.roles as readonly unknown[]).map(String) },
        metadata: row.metadata === undefined ? {} : JSON.parse(String(row.metadata)),
      });
    }
  }
  return counter.result();
}
