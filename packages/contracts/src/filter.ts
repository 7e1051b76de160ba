import { z } from "zod";
import { describeIssue } from "./describe-issue.ts";
import { type Document, MAX_METADATA_VALUE_LENGTH, MAX_URI_LENGTH } from "./document.ts";

/** Limits on one filter, so that no request can keep a store busy with its conditions alone. */
export const MAX_FILTER_DEPTH = 8;
/** Limit on conditions in one filter, those inside `and`, `or` and `not` included. */
export const MAX_FILTER_CONDITIONS = 256;
/** Limit on the values of one `in`, or on the ids of one `documentIds`. */
export const MAX_FILTER_VALUES = 1000;

/** What a metadata value is compared with. A text never equals a number: `"2024"` is not `2024`. */
export type FilterValue = string | number | boolean | null;

/**
 * Which documents a search, a count or a facet looks at, on top of what the principal may read.
 *
 * A condition on a list is true when one of its items meets it. A condition on a key that a document does not have is
 * false, so `{ not: … }` of it is true. Bounds are numbers, or days and times such as `2026-01-31` and
 * `2026-01-31T09:30:00Z` (without an offset: UTC); a number is compared with numbers alone, a date with dates alone. A day
 * as a bound is the whole day: `lte` takes its last moment in, `gt` begins after it.
 */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly key: string; readonly equals: FilterValue }
  | { readonly key: string; readonly in: readonly FilterValue[] }
  /** Whether the document has the key, with any value but null. */
  | { readonly key: string; readonly exists: boolean }
  | RangeFilter
  | { readonly source: string }
  | { readonly uriPrefix: string }
  | { readonly documentIds: readonly string[] };

/** At least one bound; all of them numbers, or all of them dates. */
export interface RangeFilter {
  readonly key: string;
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
}

const storable = z.string().refine((text) => !/\p{Cs}/u.test(text), "must not hold lone surrogates");
const key = storable.min(1).max(128);
const value = z.union([storable.max(MAX_METADATA_VALUE_LENGTH), z.number(), z.boolean(), z.null()], {
  error: "must be a text, a finite number, true, false or null",
});
const NO_BOUND = "must be a finite number, or a date such as 2026-01-31";
const date = z.string().refine((text) => dateSpan(text) !== undefined, NO_BOUND);
const bound = z.union([z.number(), date], { error: NO_BOUND });
const BOUNDS = ["gt", "gte", "lt", "lte"] as const;
const range = z
  .strictObject({
    key,
    gt: bound.optional(),
    gte: bound.optional(),
    lt: bound.optional(),
    lte: bound.optional(),
  })
  .refine(
    (filter) =>
      new Set(BOUNDS.flatMap((name) => (filter[name] === undefined ? [] : [typeof filter[name]]))).size < 2,
    "has a number and a date as bounds; take one kind",
  );
const conditions: readonly (readonly [string, z.ZodType])[] = [
  ["equals", z.strictObject({ key, equals: value })],
  ["in", z.strictObject({ key, in: z.array(value).min(1).max(MAX_FILTER_VALUES) })],
  ["exists", z.strictObject({ key, exists: z.boolean() })],
  ...BOUNDS.map((name) => [name, range] as const),
  ["source", z.strictObject({ source: storable.min(1).max(4096) })],
  ["uriPrefix", z.strictObject({ uriPrefix: storable.min(1).max(MAX_URI_LENGTH) })],
  ["documentIds", z.strictObject({ documentIds: z.array(storable.max(256)).min(1).max(MAX_FILTER_VALUES) })],
];
const NAMES = ["and", "or", "not", ...conditions.map(([name]) => name)];

/** A {@link Filter}, checked to its depth. What is wrong is told by its path, such as `filter.and.0.equals`. */
export const filterSchema = z.custom<Filter>().superRefine((filter, context) => {
  for (const { path, message } of problemsOf(filter)) context.addIssue({ code: "custom", path, message });
});

interface Problem {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** What is wrong with a filter. Each condition is looked at once, and no deeper than may be, so that a cycle ends. */
function problemsOf(filter: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const waiting: { readonly part: unknown; readonly path: readonly PropertyKey[]; readonly depth: number }[] =
    [{ part: filter, path: [], depth: 1 }];
  for (const [index, { part, path, depth }] of waiting.entries()) {
    const wrong = (message: string, ...below: PropertyKey[]) => {
      problems.push({ path: [...path, ...below], message });
    };
    if (index >= MAX_FILTER_CONDITIONS)
      return [{ path: [], message: `has more than ${MAX_FILTER_CONDITIONS} conditions` }];
    if (depth > MAX_FILTER_DEPTH)
      return [{ path: [], message: `is more than ${MAX_FILTER_DEPTH} levels deep` }];
    if (typeof part !== "object" || part === null || Array.isArray(part)) {
      wrong("must be a condition, such as {key, equals}");
      continue;
    }
    const joint = (["and", "or", "not"] as const).find((name) => Object.hasOwn(part, name));
    if (!joint) {
      const schema = conditions.find(([name]) => Object.hasOwn(part, name))?.[1];
      if (!schema) wrong(`must have one of ${NAMES.join(", ")}`);
      for (const issue of schema?.safeParse(part, { error: describeIssue }).error?.issues ?? []) {
        wrong(issue.message, ...issue.path);
      }
      continue;
    }
    const inner: unknown = (part as Record<string, unknown>)[joint];
    if (Object.keys(part).length > 1) wrong(`has ${joint} beside other fields; put them inside`);
    else if (joint === "not") waiting.push({ part: inner, path: [...path, joint], depth: depth + 1 });
    else if (!Array.isArray(inner) || inner.length === 0)
      wrong("must be a list of at least one condition", joint);
    else {
      const parts = inner.slice(0, MAX_FILTER_CONDITIONS + 1);
      for (const [at, each] of parts.entries())
        waiting.push({ part: each, path: [...path, joint, at], depth: depth + 1 });
    }
  }
  return problems;
}

/** First and last millisecond since 1970 of a day, or of a moment (then the same one twice); undefined for other texts. */
export function dateSpan(text: string): { readonly first: number; readonly last: number } | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(
    text,
  );
  if (!match) return undefined;
  const [, day, time, offset] = match;
  // A day that is not in the calendar, such as February 30, would else be read as one in March.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  if (time === undefined) return { first: midnight, last: midnight + 86_400_000 - 1 };
  const moment = Date.parse(`${day}T${time}${offset ?? "Z"}`);
  return Number.isNaN(moment) ? undefined : { first: moment, last: moment };
}

/** A filter's meaning, in code. Stores run it inside their query; fakes use it as it is, and tests as the oracle. */
export function matchesFilter(
  filter: Filter,
  document: Pick<Document, "id" | "source" | "uri" | "metadata">,
): boolean {
  if ("and" in filter) return filter.and.every((part) => matchesFilter(part, document));
  if ("or" in filter) return filter.or.some((part) => matchesFilter(part, document));
  if ("not" in filter) return !matchesFilter(filter.not, document);
  if ("source" in filter) return document.source === filter.source;
  if ("uriPrefix" in filter) return document.uri.startsWith(filter.uriPrefix);
  if ("documentIds" in filter) return filter.documentIds.includes(document.id);
  const own = Object.hasOwn(document.metadata, filter.key) ? document.metadata[filter.key] : undefined;
  const items = own === undefined ? [] : Array.isArray(own) ? own : [own];
  if ("exists" in filter) return items.some((item) => item !== null) === filter.exists;
  if ("equals" in filter) return items.some((item) => item === filter.equals);
  if ("in" in filter) return items.some((item) => filter.in.some((wanted) => item === wanted));
  return items.some((item) => inRange(item, filter));
}

function inRange(item: FilterValue, filter: RangeFilter): boolean {
  return BOUNDS.every((name) => {
    const limit = filter[name];
    if (limit === undefined) return true;
    const span = typeof limit === "string" ? dateSpan(limit) : { first: limit, last: limit };
    const own = typeof limit === "string" && typeof item === "string" ? dateSpan(item)?.first : item;
    if (
      span === undefined ||
      typeof own !== "number" ||
      (typeof limit === "string") !== (typeof item === "string")
    )
      return false;
    if (name === "gt") return own > span.last;
    if (name === "gte") return own >= span.first;
    return name === "lt" ? own < span.first : own <= span.last;
  });
}
