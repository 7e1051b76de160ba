import { isAdministrator, type Principal } from "@advisor/contracts";

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

/** Chunks that the principal may read: what every leg of a search is limited to. */
export function chunkFilter(principal: Principal): string {
  return `kind = 'chunk' AND ${accessFilter(principal)}`;
}

/** The header row of one document, if the principal may read it. */
export function documentFilter(id: string, principal: Principal): string {
  return `kind = 'document' AND id = ${literal(id)} AND ${accessFilter(principal)}`;
}

/** Header rows, of one source when it is named. */
export function headerFilter(source?: string): string {
  return source === undefined ? "kind = 'document'" : `kind = 'document' AND source = ${literal(source)}`;
}

/** The row of a cell, while it holds this value. */
export function cellFilter(value: string): string {
  return `value = ${literal(value)}`;
}

export const ANY_CHUNK = "kind = 'chunk'";

/** All rows of these documents, header and chunks. */
export function rowsOfDocuments(ids: readonly string[]): string {
  if (ids.length === 0) return "false";
  return `documentId IN (${ids.map(literal).join(", ")})`;
}
