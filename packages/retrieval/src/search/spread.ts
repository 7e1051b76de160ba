/**
 * What is left of a passage's score for each passage of the same document that stands before it. Near its rivals, another
 * document then comes first; a passage that is far ahead stays. Measured, see docs/retrieval.md.
 */
const REPEAT_FACTOR = 0.85;

/**
 * A list ranked by falling scores, spread over documents: each next one is the best after its score was lowered for the
 * passages of its document that came before. Scores fall with the position, and equal ones keep their order. No more is
 * worked out than is read.
 */
export function* spread<Item extends { readonly score: number }>(
  ranked: readonly Item[],
  documentOf: (item: Item) => string,
): Generator<Item, void, undefined> {
  const rest = ranked.map((item) => ({ item, document: documentOf(item), score: item.score }));
  while (rest.length > 0) {
    let best = 0;
    let bestScore = 0;
    for (let index = 0; index < rest.length; index++) {
      const { item, score } = rest[index] as (typeof rest)[number];
      // Scores were lowered, never raised: none behind this one is better.
      if (item.score <= bestScore) break;
      if (score > bestScore) {
        best = index;
        bestScore = score;
      }
    }
    const [next] = rest.splice(best, 1);
    if (!next) return;
    yield { ...next.item, score: next.score };
    for (const other of rest) if (other.document === next.document) other.score *= REPEAT_FACTOR;
  }
}
