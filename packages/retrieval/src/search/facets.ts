import {
  type CountRequest,
  type Counts,
  countFacets,
  type FacetsResult,
  type facetsRequestSchema,
} from "@advisor/contracts";
import type { z } from "zod";
import { chunkFilter, documentsFilter } from "../store/filter.ts";
import type { TableView } from "../store/lance.ts";

/** How much the principal may read, counted inside the database. */
export async function countReadable(
  table: TableView | undefined,
  { principal, filter }: CountRequest,
): Promise<Counts> {
  if (!table) return { documents: 0, passages: 0 };
  const [documents, passages] = await Promise.all([
    table.count(documentsFilter(principal, filter)),
    table.count(chunkFilter(principal, filter)),
  ]);
  return { documents, passages };
}

/** Groups the documents that the principal may read: only their headers leave the database. */
export async function facetsOfReadable(
  table: TableView | undefined,
  request: z.output<typeof facetsRequestSchema>,
): Promise<FacetsResult> {
  const { principal, filter } = request;
  const rows =
    (await table?.select(documentsFilter(principal, filter), ["source", "roles", "metadata"])) ?? [];
  return countFacets(
    rows.map((row) => ({
      source: String(row.source),
      access: { tenant: principal.tenant, roles: (row.roles as readonly unknown[]).map(String) },
      metadata: JSON.parse(String(row.metadata)),
    })),
    request,
  );
}
