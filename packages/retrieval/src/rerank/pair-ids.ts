/** What a tokenizer puts around and between two texts, and the type of each place. */
export interface PairTemplate {
  readonly before: readonly number[];
  readonly between: readonly number[];
  readonly after: readonly number[];
  /** Types of the first text's tokens, of those between, of the second text's and of those after it. */
  readonly types: {
    readonly first: number;
    readonly between: readonly number[];
    readonly second: number;
    readonly after: number;
  };
}

/** A tokenized pair. */
export interface PairIds {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

/** Sees what a tokenizer does to a pair, on two texts whose own tokens are known. */
export function pairTemplate(
  encodePair: (
    first: string,
    second: string,
  ) => { ids: readonly number[]; types: readonly number[] | undefined },
  encode: (text: string) => readonly number[],
): PairTemplate {
  const inner = encode("a");
  const { ids, types } = encodePair("a", "a");
  const find = (from: number) =>
    ids.findIndex((_, start) => start >= from && inner.every((id, i) => ids[start + i] === id));
  const first = find(0);
  const second = first < 0 ? -1 : find(first + inner.length);
  if (inner.length === 0 || second < 0) throw new Error("its tokenizer does not know the letter a");
  if (second === first + inner.length) throw new Error("its tokenizer puts nothing between two texts");
  const typeAt = (place: number) => types?.[place] ?? 0;
  const between = ids.slice(first + inner.length, second);
  return {
    before: ids.slice(0, first),
    between,
    after: ids.slice(second + inner.length),
    types: {
      first: typeAt(first),
      between: between.map((_, i) => typeAt(first + inner.length + i)),
      second: typeAt(second),
      after: typeAt(ids.length - 1),
    },
  };
}

/** The pair in at most `limit` tokens: of a long one the passage is cut, and the question only when it alone fills half. */
export function pairIds(
  template: PairTemplate,
  question: readonly number[],
  passage: readonly number[],
  limit: number,
): PairIds {
  const { before, between, after, types } = template;
  const room = Math.max(2, limit - before.length - between.length - after.length);
  const asked = question.slice(0, Math.max(room >> 1, room - passage.length));
  const read = passage.slice(0, room - asked.length);
  return {
    ids: [...before, ...asked, ...between, ...read, ...after],
    types: [
      ...before.map(() => types.first),
      ...asked.map(() => types.first),
      ...types.between,
      ...read.map(() => types.second),
      ...after.map(() => types.after),
    ],
  };
}
