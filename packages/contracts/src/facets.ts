import { z } from "zod";
import { isAdministrator, principalSchema } from "./access.ts";
import type { Document } from "./document.ts";
import { type FilterValue, filterSchema } from "./filter.ts";
import { instantSchema } from "./history.ts";

/** Limit on the facets of one request. */
export const MAX_FACETS = 16;
/** Limit on the values listed of one facet. */
export const MAX_FACET_VALUES = 1000;

export const countRequestSchema = z.strictObject({
  principal: principalSchema,
  filter: filterSchema.optional(),
  /** Counts the state of that instant, under the access rules of today. Default: the state of now. */
  asOf: instantSchema.optional(),
});
/** What to count: what the principal may read, under a filter if there is one. */
export type CountRequest = z.input<typeof countRequestSchema> & { readonly signal?: AbortSignal };

/** How much there is that the principal may read. */
export interface Counts {
  readonly documents: number;
  /** Chunks, each of which a search can return. */
  readonly passages: number;
}

/** By which trait documents are grouped: their source, the roles that may read them, or a key of their metadata. */
export const facetSchema = z.union(
  [z.literal("source"), z.literal("role"), z.strictObject({ key: z.string().min(1).max(128) })],
  { error: "must be source, role, or {key}" },
);
export type Facet = z.infer<typeof facetSchema>;

export const facetsRequestSchema = countRequestSchema.extend({
  by: z.array(facetSchema).min(1).max(MAX_FACETS),
  /** Values listed of each facet, the commonest. Default 20. */
  limit: z.number().int().min(1).max(MAX_FACET_VALUES).default(20),
});
/** What to group, and by what. */
export type FacetsRequest = z.input<typeof facetsRequestSchema> & { readonly signal?: AbortSignal };

/** One value of a facet, and how many documents have it. */
export interface FacetValue {
  readonly value: FilterValue;
  readonly documents: number;
}

/** The values of one trait among the documents that the principal may read. */
export interface FacetCounts {
  readonly by: Facet;
  /** The commonest first, equals by value. A document with a list counts once under each of its items. */
  readonly values: readonly FacetValue[];
  /** Values that are not listed. */
  readonly moreValues: number;
  /** Documents without any value. */
  readonly without: number;
}

export interface FacetsResult {
  /** Documents that were looked at. */
  readonly documents: number;
  /** As asked for. */
  readonly facets: readonly FacetCounts[];
}

type Faceted = Pick<Document, "source" | "access" | "metadata">;

/** Groups documents that are handed to it little by little. */
export interface FacetCounter {
  add(document: Faceted): void;
  result(): FacetsResult;
}

/**
 * Groups documents that the principal may read. By `role` only roles that it holds are named: which others a document is
 * open to is no business of a reader. An administrator sees all. It remembers the different values, and no document.
 */
export function createFacetCounter({
  by,
  limit,
  principal,
}: z.output<typeof facetsRequestSchema>): FacetCounter {
  const all = isAdministrator(principal);
  const valuesOf = ({ source, access, metadata }: Faceted, facet: Facet): readonly FilterValue[] => {
    if (facet === "source") return [source];
    if (facet === "role") return access.roles.filter((role) => all || principal.roles.includes(role));
    const value = Object.hasOwn(metadata, facet.key) ? metadata[facet.key] : null;
    if (value === null || value === undefined) return [];
    return Array.isArray(value) ? value : [value as FilterValue];
  };
  const tallies = by.map((facet) => ({ facet, counts: new Map<FilterValue, number>(), without: 0 }));
  let total = 0;
  return {
    add(document) {
      total++;
      for (const tally of tallies) {
        const values = new Set(valuesOf(document, tally.facet));
        if (values.size === 0) tally.without++;
        for (const value of values) tally.counts.set(value, (tally.counts.get(value) ?? 0) + 1);
      }
    },
    result() {
      const facets = tallies.map(({ facet, counts, without }): FacetCounts => {
        const values = [...counts].map(([value, documents]) => ({ value, documents })).sort(commonestFirst);
        return {
          by: facet,
          values: values.slice(0, limit),
          moreValues: Math.max(0, values.length - limit),
          without,
        };
      });
      return { documents: total, facets };
    },
  };
}

/** The same of documents that are all at hand. */
export function countFacets(
  documents: Iterable<Faceted>,
  request: z.output<typeof facetsRequestSchema>,
): FacetsResult {
  const counter = createFacetCounter(request);
  for (const document of documents) counter.add(document);
  return counter.result();
}

/** Equals by value; a text after the number that looks like it. */
function commonestFirst(a: FacetValue, b: FacetValue): number {
  if (a.documents !== b.documents) return b.documents - a.documents;
  if (typeof a.value === "number" && typeof b.value === "number") return a.value - b.value;
  const [left, right] = [`${a.value}\0${typeof a.value}`, `${b.value}\0${typeof b.value}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
