import { createHash } from "node:crypto";
import { dateSpan, type FilterValue, type Metadata, type RangeFilter } from "@advisor/contracts";
import { wellFormed } from "../extract/well-formed.ts";

/**
 * A document's metadata as terms in one list column, so that every condition of a filter is one question to one index:
 * does the list hold any of these terms? Numbers and dates get a term for each prefix of their sortable form, and a range
 * is the few prefixes that cover it (Schindler and Diepenbroek, "Generic XML-based framework for metadata portals",
 * 2008: the trie that Lucene's NumericRangeQuery was built on).
 */

/** Limit on one document's terms: they stand in each of its chunks' rows. A number or date takes 17. */
export const MAX_FACTS = 2048;
/** A longer text is compared by its hash, so that a page's essay does not stand in every row. */
const MAX_PLAIN_LENGTH = 128;
/** Hexadecimal digits of a 64-bit number; each digit is a step of the trie. */
const DIGITS = 16;

type RangeKind = "number" | "date";

/** Terms of all that a filter can ask of the metadata. */
export function factsOf(metadata: Metadata): string[] {
  const facts = new Set<string>();
  for (const [key, value] of Object.entries(metadata)) {
    const items: readonly FilterValue[] = Array.isArray(value) ? value : [value as FilterValue];
    for (const item of items) {
      facts.add(equalTerm(key, item));
      if (item !== null) facts.add(existsTerm(key));
      const ordered = typeof item === "string" ? dateSpan(item)?.first : item;
      if (typeof ordered !== "number") continue;
      const kind = typeof item === "string" ? "date" : "number";
      const digits = hex(sortable(ordered));
      for (let length = 1; length <= DIGITS; length++)
        facts.add(prefixTerm(key, kind, digits.slice(0, length)));
    }
  }
  return [...facts];
}

/** Held by documents whose value under the key, or an item of it, is this one. */
export function equalTerm(key: string, value: FilterValue): string {
  if (typeof value !== "string") return term("value", key, value === 0 ? "0" : String(value));
  const text = wellFormed(value);
  if (text.length <= MAX_PLAIN_LENGTH) return term("text", key, text);
  return term("hash", key, createHash("sha256").update(text).digest("hex"));
}

/** Held by documents that have the key, with any value but null. */
export function existsTerm(key: string): string {
  return term("key", key, "");
}

/** A document is in the range when it holds any of these; none when the range is empty. */
export function rangeTerms({ key, gt, gte, lt, lte }: RangeFilter): string[] {
  let kind: RangeKind = "number";
  let low = 0n;
  let high = (1n << 64n) - 1n;
  const place = (bound: number | string, edge: "first" | "last"): bigint => {
    if (typeof bound === "number") return sortable(bound);
    kind = "date";
    const span = dateSpan(bound);
    if (!span) throw new TypeError("bounds that are no dates are refused where filters come in");
    return sortable(span[edge]);
  };
  const raise = (to: bigint) => {
    if (to > low) low = to;
  };
  const lower = (to: bigint) => {
    if (to < high) high = to;
  };
  if (gte !== undefined) raise(place(gte, "first"));
  if (gt !== undefined) raise(place(gt, "last") + 1n);
  if (lte !== undefined) lower(place(lte, "last"));
  if (lt !== undefined) lower(place(lt, "first") - 1n);
  return prefixes(low, high).map((digits) => prefixTerm(key, kind, digits));
}

/** The fewest prefixes that cover all 64-bit numbers from `low` to `high`, at most 466. */
function prefixes(low: bigint, high: bigint): string[] {
  const found: string[] = [];
  for (let length = DIGITS; length >= 1 && low <= high; length--) {
    const emit = (prefix: bigint) => found.push(hex(prefix, length));
    const top = length === 1;
    while (low <= high && (top || (low & 15n) !== 0n)) emit(low++);
    while (low <= high && (high & 15n) !== 15n) emit(high--);
    // Past each other, they could meet again in one shorter prefix.
    if (low > high) break;
    low >>= 4n;
    high >>= 4n;
  }
  return found;
}

/** A number's bits (IEEE 754 binary64), turned so that they order as the numbers do. */
function sortable(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  // Both zeros are one number.
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  return bits >> 63n === 1n ? bits ^ 0xffff_ffff_ffff_ffffn : bits | (1n << 63n);
}

function hex(value: bigint, length = DIGITS): string {
  return value.toString(16).padStart(length, "0");
}

function prefixTerm(key: string, kind: RangeKind, digits: string): string {
  return term(kind, key, digits);
}

/** The key's length stands before it, so that no key and value can be read as another pair. */
function term(kind: RangeKind | "value" | "text" | "hash" | "key", key: string, value: string): string {
  const name = wellFormed(key);
  return `${kind}:${name.length}:${name}=${value}`;
}
