// A tenant's table through LanceDB alone, with the queries that a search makes, for comparison.
import { createRequire } from "node:module";

const built = (path) => import(new URL(`../../packages/retrieval/dist/${path}`, import.meta.url));
// The very LanceDB that the package uses.
const lance = createRequire(new URL("../../packages/retrieval/package.json", import.meta.url))(
  "@lancedb/lancedb",
);
const [{ chunkFilter }, { clausesOf }, { PASSAGE_COLUMNS }] = await Promise.all([
  built("store/filter.js"),
  built("search/keyword-leg.js"),
  built("store/schema.js"),
]);

/** Limits as in packages/retrieval/src/store/lance.ts, and its settings of the vector index. */
const session = () => new lance.Session(256n * 1024n * 1024n, 32n * 1024n * 1024n);
const REFINE = 10;

export async function openRawTable(location) {
  const connection = await lance.connect(location, { readConsistencyInterval: 0, session: session() });
  const [name] = (await connection.tableNames()).filter((each) => each.startsWith("tenant-"));
  const table = await connection.openTable(name);
  const ids = (rows) => rows.map(({ id }) => id);
  const level = (queries) => new lance.BooleanQuery(queries.map((query) => [lance.Occur.Should, query]));
  const sum = (queries) => queries.reduce((left, right) => level([left, right]));
  const clauses = (question) =>
    clausesOf(question).map(({ words, column, boost }) => new lance.MatchQuery(words, column, { boost }));
  const textQuery = async (query, filter, limit) =>
    ids(
      await table
        .query()
        .fullTextSearch(query)
        .where(filter)
        .select([...PASSAGE_COLUMNS, "_score"])
        .limit(limit)
        .toArray(),
    );
  return {
    filterOf: (principal) => chunkFilter(principal),
    async nearest(vector, filter, limit, exact = false) {
      const near = table.query().nearestTo(vector).distanceType("dot").where(filter);
      const query = exact
        ? near.bypassVectorIndex()
        : near.nprobes(20).maximumNprobes(0).refineFactor(REFINE);
      return ids(
        await query
          .select([...PASSAGE_COLUMNS, "_distance"])
          .limit(limit)
          .toArray(),
      );
    },
    /** The clauses that a search looks for, in one query. */
    keyword: (question, filter, limit) => textQuery(sum(clauses(question)), filter, limit),
    clauses,
    /** Clauses added two at a time, as a search does, and all in one level. */
    sum,
    level,
    /** Rows of a text query with their scores, best first, and nothing else of them. */
    async scores(query, filter, limit) {
      const rows = table.query().fullTextSearch(query).where(filter).withRowId();
      const best = await rows.select(["_rowid", "_score"]).limit(limit).toArray();
      return best.map(({ _rowid, _score }) => ({ id: _rowid, score: Number(_score) }));
    },
    /** The question's words in the text alone. */
    words: (question, filter, limit) => textQuery(new lance.MatchQuery(question, "terms"), filter, limit),
    close() {
      table.close();
      connection.close();
    },
  };
}
