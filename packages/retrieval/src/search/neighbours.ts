import { type Filter, joinPlaces, type Neighbours, type Passage, type Principal } from "@advisor/contracts";
import { headersOf, neighboursOf } from "../store/filter.ts";
import type { Row, TableView } from "../store/lance.ts";
import { readPlace } from "../store/place-column.ts";

/**
 * The first `count` of a ranked list in which no passage lies in another one's surroundings: that one already says it, and
 * its place goes to the next.
 */
export function withoutCovered<Item>(
  ranked: Iterable<Item>,
  placeOf: (item: Item) => Pick<Passage, "documentId" | "ordinal">,
  { before, after }: Neighbours,
  count: number,
): Item[] {
  const covered = new Set<string>();
  const chosen: Item[] = [];
  for (const item of ranked) {
    const { documentId, ordinal } = placeOf(item);
    if (covered.has(`${documentId} ${ordinal}`)) continue;
    chosen.push(item);
    if (chosen.length === count) break;
    for (let near = ordinal - before; near <= ordinal + after; near++) covered.add(`${documentId} ${near}`);
  }
  return chosen;
}

/**
 * Widens passages to their neighbours in the same document. A neighbour of two goes to the better one, so no text stands
 * twice. The neighbours are read under the same access and filter, and of the same version only.
 */
export async function widen(
  table: TableView,
  passages: readonly Passage[],
  { before, after }: Neighbours,
  principal: Principal,
  filter: Filter | undefined,
): Promise<Passage[]> {
  if (passages.length === 0 || before + after === 0) return [...passages];
  const ids = [...new Set(passages.map(({ documentId }) => documentId))];
  const ordinals = new Set<number>();
  for (const { ordinal } of passages) {
    for (let near = Math.max(0, ordinal - before); near <= ordinal + after; near++) ordinals.add(near);
  }
  const [headers, chunks] = await Promise.all([
    table.select(headersOf(ids, principal, filter), ["id", "version", "text"]),
    table.select(neighboursOf(ids, [...ordinals], principal, filter), [
      "documentId",
      "version",
      "ordinal",
      "startOffset",
      "endOffset",
      "metadata",
    ]),
  ]);
  const texts = new Map(headers.map((row) => [`${row.id} ${row.version}`, String(row.text)]));
  const spans = new Map(chunks.map((row) => [keyOf(row.documentId, row.version, row.ordinal), row]));
  // Each passage's own place is taken first: no neighbour may run into a passage that stands for itself.
  const taken = new Set(passages.map((each) => keyOf(each.documentId, each.version, each.ordinal)));
  return passages.map((passage) => {
    const { documentId, version, ordinal } = passage;
    const text = texts.get(`${documentId} ${version}`);
    const reached: Row[] = [];
    const reach = (step: 1 | -1, limit: number): Row | undefined => {
      let last: Row | undefined;
      for (let far = 1; far <= limit; far++) {
        const key = keyOf(documentId, version, ordinal + step * far);
        const row = spans.get(key);
        if (!row || taken.has(key)) break;
        taken.add(key);
        last = row;
        reached.push(row);
      }
      return last;
    };
    const start = Number(reach(-1, before)?.startOffset ?? passage.start);
    const end = Number(reach(1, after)?.endOffset ?? passage.end);
    // A page that was replaced in between is left as it was found.
    if (text === undefined || text.slice(passage.start, passage.end) !== passage.text) return passage;
    if (start === passage.start && end === passage.end) return passage;
    const places = reached
      .map((row) => ({ place: readPlace(row), start: Number(row.startOffset) }))
      .concat({ place: passage.place, start: passage.start })
      .flatMap((each) => (each.place ? [{ ...each.place, start: each.start }] : []))
      .sort((a, b) => a.start - b.start);
    const place = joinPlaces(places);
    return {
      ...passage,
      ...(place && { place, places }),
      text: text.slice(start, end),
      start,
      end,
      found: { start: passage.start, end: passage.end },
    };
  });
}

function keyOf(documentId: unknown, version: unknown, ordinal: unknown): string {
  return `${documentId} ${version} ${ordinal}`;
}
