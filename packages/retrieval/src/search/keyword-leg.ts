import type { KeywordClause, TableView } from "../store/lance.ts";
import { PASSAGE_COLUMNS } from "../store/schema.ts";
import { type NamedAndWorded, splitIdentifiers } from "./identifiers.ts";
import type { Leg } from "./leg.ts";
import { relatedWords } from "./related-words.ts";

/** What a word counts that the question only implies, against one it holds. Measured, see docs/retrieval.md. */
const RELATED_BOOST = 0.6;
/** What the pieces of an identifier count, as words. */
const PIECE_BOOST = 0.3;
/** How much more a shared identifier counts than a shared word. */
const IDENTIFIER_BOOST = 3;

export interface KeywordLeg extends Leg {
  /** Whether a passage that was found holds an identifier that the question names. */
  readonly holdsIdentifier: boolean;
}

/** Permitted chunks that share words or identifiers with the question, by BM25 over their columns. */
export async function searchKeywords(
  table: TableView,
  query: string,
  permitted: string,
  limit: number,
): Promise<KeywordLeg> {
  const begin = performance.now();
  if (!/[\p{L}\p{N}]/u.test(query)) return { rows: [], elapsedMs: 0, holdsIdentifier: false };
  const question = splitIdentifiers(query);
  const columns = [...PASSAGE_COLUMNS, "identifiers"];
  const rows = byScore(await table.keyword(clausesFor(question), permitted, limit, columns));
  return { rows, elapsedMs: performance.now() - begin, holdsIdentifier: holdsAny(rows, question.names) };
}

function holdsAny(rows: Leg["rows"], names: string): boolean {
  const wanted = new Set(names.split(" "));
  return rows.some(
    ({ identifiers }) =>
      typeof identifiers === "string" && identifiers.split(" ").some((identifier) => wanted.has(identifier)),
  );
}

/**
 * What is looked for, and where; a passage's score is the sum over them. Title and headings are a column of their own:
 * in one with the text, a long passage would drown them.
 *
 * The text, which most passages match, comes last: LanceDB adds clause by clause, and all that a clause matched goes through
 * every later addition. Measured, see docs/scale.md.
 */
export function clausesOf(query: string): KeywordClause[] {
  return clausesFor(splitIdentifiers(query));
}

function clausesFor({ identifiers, words, names }: NamedAndWorded): KeywordClause[] {
  const related = relatedWords(words).join(" ");
  const within = (column: "context" | "terms"): KeywordClause[] => [
    // An identifier that stands nowhere may still stand in pieces.
    { words: identifiers, column, boost: PIECE_BOOST },
    { words: related, column, boost: RELATED_BOOST },
    { words, column, boost: 1 },
  ];
  const named: KeywordClause = { words: names, column: "identifiers", boost: IDENTIFIER_BOOST };
  return [named, ...within("context"), ...within("terms")].filter((clause) => clause.words.trim() !== "");
}

/** Equal scores are ordered by id, so that the same store always answers alike. */
function byScore(rows: Leg["rows"]): Leg["rows"] {
  return [...rows].sort(
    (a, b) => Number(b._score) - Number(a._score) || (String(a.id) < String(b.id) ? -1 : 1),
  );
}
