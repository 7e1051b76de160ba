import { type DocumentReference, type Filter, isAdministrator, type Principal } from "@advisor/contracts";
import { equalTerm, existsTerm, rangeTerms } from "./facts.ts";

/**
 * The one place where SQL is built. Values come from outside: each is written as a quoted literal, or refused.
 */

/** A string literal of DataFusion's SQL: single quotes are doubled, and nothing else is special in it. */
export function literal(value: string): string {
  if (/\p{Cs}/u.test(value)) throw new TypeError("lone surrogates are refused where names come in");
  return `'${value.replaceAll("'", "''")}'`;
}

/** Rows of this tenant that the principal may read. The oracle is `permits` of the contracts. */
export function accessFilter(principal: Principal): string {
  const tenant = `tenant = ${literal(principal.tenant)}`;
  if (isAdministrator(principal)) return tenant;
  // Nobody holds a role of an empty list, and DataFusion cannot type one.
  if (principal.roles.length === 0) return "false";
  return `${tenant} AND array_has_any(roles, [${principal.roles.map(literal).join(", ")}])`;
}

/** Rows whose documents match. The oracle is `matchesFilter` of the contracts. */
export function metadataFilter(filter: Filter): string {
  if ("and" in filter) return `(${filter.and.map(metadataFilter).join(" AND ")})`;
  if ("or" in filter) return `(${filter.or.map(metadataFilter).join(" OR ")})`;
  if ("not" in filter) return `NOT (${metadataFilter(filter.not)})`;
  if ("source" in filter) return `source = ${literal(filter.source)}`;
  if ("uriPrefix" in filter) return `starts_with(uri, ${literal(filter.uriPrefix)})`;
  if ("documentIds" in filter) return rowsOfDocuments(filter.documentIds);
  const { key } = filter;
  if ("exists" in filter)
    return filter.exists ? holdsAny([existsTerm(key)]) : `NOT (${holdsAny([existsTerm(key)])})`;
  if ("equals" in filter) return holdsAny([equalTerm(key, filter.equals)]);
  if ("in" in filter) return holdsAny(filter.in.map((value) => equalTerm(key, value)));
  return holdsAny(rangeTerms(filter));
}

function holdsAny(terms: readonly string[]): string {
  if (terms.length === 0) return "false";
  return `array_has_any(facts, [${terms.map(literal).join(", ")}])`;
}

/** Rows of this tenant that the principal may read and the filter leaves. */
function readable(principal: Principal, filter: Filter | undefined): string {
  return filter ? `${accessFilter(principal)} AND ${metadataFilter(filter)}` : accessFilter(principal);
}

/** Chunks that the principal may read, under a filter: what every leg of a search is limited to. */
export function chunkFilter(principal: Principal, filter?: Filter): string {
  return `kind = 'chunk' AND ${readable(principal, filter)}`;
}

/** Header rows of the documents that the principal may read, under a filter. */
export function documentsFilter(principal: Principal, filter?: Filter): string {
  return `kind = 'document' AND ${readable(principal, filter)}`;
}

/** The header row of one document, if the principal may read it. */
export function documentFilter(id: string, principal: Principal): string {
  return `kind = 'document' AND id = ${literal(id)} AND ${accessFilter(principal)}`;
}

/** Header rows, of one source when it is named, and there of these uris when they are: one that ends in a slash is a prefix. */
export function headerFilter(source?: string, parts?: readonly string[]): string {
  const headers = "kind = 'document'";
  if (source === undefined) return headers;
  const ofSource = `${headers} AND source = ${literal(source)}`;
  if (parts === undefined) return ofSource;
  const uris = parts.filter((part) => !part.endsWith("/")).map(literal);
  const below = parts.filter((part) => part.endsWith("/"));
  const any = below.map((prefix) => `starts_with(uri, ${literal(prefix)})`);
  if (uris.length > 0) any.push(`uri IN (${uris.join(", ")})`);
  return any.length > 0 ? `${ofSource} AND (${any.join(" OR ")})` : "false";
}

/** The row of a cell, while it holds this value. */
export function cellFilter(value: string): string {
  return `value = ${literal(value)}`;
}

/** Header rows of these documents, those that the principal may read. */
export function headersOf(ids: readonly string[], principal: Principal, filter?: Filter): string {
  return `${documentsFilter(principal, filter)} AND ${rowsOfDocuments(ids)}`;
}

/** Chunks at these places of these documents, those that the principal may read. */
export function neighboursOf(
  ids: readonly string[],
  ordinals: readonly number[],
  principal: Principal,
  filter?: Filter,
): string {
  const places = ordinals.map((ordinal) => String(Math.trunc(ordinal))).join(", ");
  return `${chunkFilter(principal, filter)} AND ${rowsOfDocuments(ids)} AND ordinal IN (${places})`;
}

export const ANY_CHUNK = "kind = 'chunk'";
export const GONE_ROWS = "kind = 'gone'";

/** All rows of these documents, header and chunks. */
export function rowsOfDocuments(ids: readonly string[]): string {
  if (ids.length === 0) return "false";
  return `documentId IN (${ids.map(literal).join(", ")})`;
}

/** Rows that both filters let through. */
export function both(first: string, second: string): string {
  return `(${first}) AND (${second})`;
}

/** Rows that either filter lets through. */
export function either(first: string, second: string): string {
  return `(${first}) OR (${second})`;
}

/** The row of a history that says that an erasure is not done. */
export const ERASING = "kind = 'erasing'";

/** Rows of versions that stood at an instant, in epoch milliseconds. */
export function stoodAt(instant: number): string {
  return `validFrom <= ${whole(instant)} AND (validTo IS NULL OR validTo > ${whole(instant)})`;
}

/** Rows of versions that had been replaced or removed by an instant. */
export function endedBy(instant: number): string {
  return `validTo <= ${whole(instant)}`;
}

/** Rows that have a value in this column. */
export function holding(column: "terms" | "context" | "identifiers"): string {
  return `${column} IS NOT NULL`;
}

/** About this share of all chunks, and the same ones whatever else is stored: their ids are hashes. */
export function sampleOf(share: number): string {
  if (share >= 1) return ANY_CHUNK;
  const bound = Math.ceil(share * 0x10000000)
    .toString(16)
    .padStart(7, "0");
  return `${ANY_CHUNK} AND id < ${literal(bound)}`;
}

/** Rows of these ids. */
export function rowsOfIds(ids: readonly string[]): string {
  if (ids.length === 0) return "false";
  return `id IN (${ids.map(literal).join(", ")})`;
}

/** Header rows of the documents a reference names, of those the principal may read. */
export function referenceFilter(reference: DocumentReference, principal: Principal): string {
  const named =
    "documentId" in reference
      ? `documentId = ${literal(reference.documentId)}`
      : `uri = ${literal(reference.uri)}${reference.source === undefined ? "" : ` AND source = ${literal(reference.source)}`}`;
  return `kind = 'document' AND ${named} AND ${accessFilter(principal)}`;
}

/** The rows that say from when on a history is whole, or those of them that name an earlier instant than this one. */
export function horizonFilter(before?: number): string {
  return before === undefined ? "kind = 'horizon'" : `kind = 'horizon' AND validFrom < ${whole(before)}`;
}

/** An instant as the value of a column. */
export function instantValue(instant: number): string {
  return `cast(${whole(instant)} as bigint)`;
}

/** The value of a roles column. */
export function rolesValue(roles: readonly string[]): string {
  return `make_array(${roles.map(literal).join(", ")})`;
}

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError("an instant is a whole number of milliseconds");
  return String(value);
}
