/** Encodes one text with the model's tokenizer, without special tokens. */
export type EncodeText = (text: string) => readonly number[];

/** Limit on words whose tokens are remembered: some 10 MB, and more words than most stores know. */
const MAX_CACHED_WORDS = 100_000;
/** A longer word is encoded each time: it is likely unique. */
const MAX_CACHED_LENGTH = 64;
/** A word of ASCII, whose letters and signs BERT's pre-tokenizer parts. */
const ASCII_WORD = /^[!-~]+$/;
const LETTERS_OR_SIGN = /[A-Za-z0-9]+|[^A-Za-z0-9]/g;

/** A tokenizer without special tokens. */
export interface TextTokenizer {
  readonly encode: EncodeText;
  readonly count: (text: string) => number;
}

/**
 * Encodes word by word and remembers each word's tokens. Only right where words between white space never influence each
 * other, as in BERT's WordPiece; there it gives the same ids as encoding the whole text, many times faster. `added`: texts
 * that are tokens of their own wherever they stand.
 */
export function encodeByWord(encode: EncodeText, added: readonly string[] = []): TextTokenizer {
  const known = new Map<string, readonly number[]>();
  const whole = added.map((token) => token.toLowerCase());
  const remember = (word: string, tokens: readonly number[]) => {
    if (known.size >= MAX_CACHED_WORDS) known.clear();
    known.set(word, tokens);
    return tokens;
  };
  const tokensOf = (word: string): readonly number[] => {
    const before = known.get(word);
    if (before) return before;
    if (word.length > MAX_CACHED_LENGTH) return encode(word);
    return remember(word, wordTokens(word));
  };
  const wordTokens = (word: string): readonly number[] => {
    const parts = ASCII_WORD.test(word) ? (word.match(LETTERS_OR_SIGN) ?? []) : [];
    if (parts.length < 2) return encode(word);
    const lower = word.toLowerCase();
    if (whole.some((token) => lower.includes(token))) return encode(word);
    return parts.flatMap((part) => known.get(part) ?? remember(part, encode(part)));
  };
  return {
    encode(text) {
      const ids: number[] = [];
      forEachWord(text, (word) => {
        for (const id of tokensOf(word)) ids.push(id);
      });
      return ids;
    },
    count(text) {
      let tokens = 0;
      forEachWord(text, (word) => {
        tokens += tokensOf(word).length;
      });
      return tokens;
    },
  };
}

function forEachWord(text: string, use: (word: string) => void): void {
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isSpace(text.charCodeAt(at))) continue;
    if (at > start) use(text.slice(start, at));
    start = at + 1;
  }
  if (start < text.length) use(text.slice(start));
}

/** White space as in Unicode; U+FEFF is such to JavaScript alone. */
function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 9 && code <= 13);
  if (code < 0xa0) return false;
  return (
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** Texts that a `tokenizer.json` makes tokens of their own. */
export function addedTokens(tokenizerJson: unknown): string[] {
  const { added_tokens: added } = tokenizerJson as { added_tokens?: readonly { content?: unknown }[] };
  return (added ?? []).map(({ content }) => String(content ?? "")).filter((content) => content !== "");
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
