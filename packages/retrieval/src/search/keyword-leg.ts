import type { KeywordClause, TableView } from "../store/lance.ts";
import { PASSAGE_COLUMNS } from "../store/schema.ts";
import { splitIdentifiers } from "./identifiers.ts";
import type { Leg } from "./leg.ts";
import { relatedWords } from "./related-words.ts";

/** What a word counts that the question only implies, against one it holds. Measured, see docs/retrieval.md. */
const RELATED_BOOST = 0.6;
/** What the pieces of an identifier count, as words. */
const PIECE_BOOST = 0.3;
/** How much more a shared identifier counts than a shared word. */
const IDENTIFIER_BOOST = 3;

/** Permitted chunks that share words or identifiers with the question, by BM25 over their columns. */
export async function searchKeywords(
  table: TableView,
  query: string,
  permitted: string,
  limit: number,
): Promise<Leg> {
  const begin = performance.now();
  if (!/[\p{L}\p{N}]/u.test(query)) return { rows: [], elapsedMs: 0 };
  const rows = await table.keyword(clausesOf(query), permitted, limit, [...PASSAGE_COLUMNS, "identifiers"]);
  return { rows: byScore(rows), elapsedMs: performance.now() - begin };
}

/**
 * What is looked for, and where; a passage's score is the sum over them. Title and headings are a column of their own:
 * in one with the text, a long passage would drown them.
 *
 * The text, which most passages match, comes last: LanceDB adds clause by clause, and all that a clause matched goes through
 * every later addition. Measured, see docs/scale.md.
 */
export function clausesOf(query: string): KeywordClause[] {
  const { identifiers, words, names } = splitIdentifiers(query);
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
