/**
 * What is left of a passage's score for each passage of the same document that stands before it. Near its rivals, another
 * document then comes first; a passage that is far ahead stays. Measured, see docs/retrieval.md.
 */
const REPEAT_FACTOR = 0.85;

/**
 * The first `count` of a ranked list, spread over documents: each next one is the best after its score was lowered for
 * the passages of its document that are already chosen. Scores fall with the position, and equal ones keep their order.
 */
export function spread<Item extends { readonly score: number }>(
  ranked: readonly Item[],
  documentOf: (item: Item) => string,
  count: number,
): Item[] {
  const rest = ranked.map((item) => ({ item, document: documentOf(item), score: item.score }));
  const chosen: Item[] = [];
  while (chosen.length < count) {
    let best = 0;
    for (const [index, { score }] of rest.entries()) {
      if (score > (rest[best]?.score ?? 0)) best = index;
    }
    const [next] = rest.splice(best, 1);
    if (!next) break;
    chosen.push({ ...next.item, score: next.score });
    for (const other of rest) if (other.document === next.document) other.score *= REPEAT_FACTOR;
  }
  return chosen;
}
