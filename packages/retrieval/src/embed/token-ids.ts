/** Encodes one text with the model's tokenizer, without special tokens. */
export type EncodeText = (text: string) => readonly number[];

/** Limit on words whose tokens are remembered: some 10 MB, and more words than most stores know. */
const MAX_CACHED_WORDS = 100_000;
/** A longer word is encoded each time: it is likely unique. */
const MAX_CACHED_LENGTH = 64;
/** U+FEFF is white space to JavaScript alone. */
const WHITE_SPACE = /[^\S\ufeff]+/;

/**
 * Encodes word by word and remembers each word's tokens. Only right where words between white space never influence each
 * other, as in BERT's WordPiece; there it gives the same ids as encoding the whole text, many times faster.
 */
export function encodeByWord(encode: EncodeText): EncodeText {
  const known = new Map<string, readonly number[]>();
  return (text) => {
    const ids: number[] = [];
    for (const word of text.split(WHITE_SPACE)) {
      if (word === "") continue;
      let tokens = known.get(word);
      if (!tokens) {
        tokens = encode(word);
        if (word.length <= MAX_CACHED_LENGTH) {
          if (known.size >= MAX_CACHED_WORDS) known.clear();
          known.set(word, tokens);
        }
      }
      for (const id of tokens) ids.push(id);
    }
    return ids;
  };
}

/** Whether a `tokenizer.json` describes a tokenizer that {@link encodeByWord} is right for. */
export function splitsAtWhiteSpace(tokenizerJson: unknown): boolean {
  const { model, normalizer, pre_tokenizer } = tokenizerJson as Record<
    string,
    { type?: string } | null | undefined
  >;
  const plain = normalizer === null || normalizer === undefined || normalizer.type === "BertNormalizer";
  return model?.type === "WordPiece" && plain && pre_tokenizer?.type === "BertPreTokenizer";
}
