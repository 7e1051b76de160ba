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
const session = () => new lance.Session(128n * 1024n * 1024n, 32n * 1024n * 1024n);
const REFINE = 10;

export async function openRawTable(location) {
  const connection = await lance.connect(location, { readConsistencyInterval: 0, session: session() });
  const [name] = (await connection.tableNames()).filter((each) => each.startsWith("tenant-"));
  const table = await connection.openTable(name);
  const ids = (rows) => rows.map(({ id }) => id);
  const both = (left, right) =>
    new lance.BooleanQuery([
      [lance.Occur.Should, left],
      [lance.Occur.Should, right],
    ]);
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
    keyword(question, filter, limit) {
      const clauses = clausesOf(question).map(
        ({ words, column, boost }) => new lance.MatchQuery(words, column, { boost }),
      );
      return textQuery(clauses.reduce(both), filter, limit);
    },
    /** The question's words in the text alone. */
    words: (question, filter, limit) => textQuery(new lance.MatchQuery(question, "terms"), filter, limit),
    close() {
      table.close();
      connection.close();
    },
  };
}
