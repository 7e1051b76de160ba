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
 * other, as in BERT's WordPiece; there it gives the same ids as encoding the whole text, many times faster. The file of the
 * tokenizer, `tokenizer.json`, gives the tokens of plain words without asking `encode`.
 */
export function encodeByWord(encode: EncodeText, tokenizerJson: unknown): TextTokenizer {
  const known = new Map<string, readonly number[]>();
  const added = addedTokens(tokenizerJson);
  const piecesOf = wordPieces(tokenizerJson);
  const tokensOf = (word: string): readonly number[] => {
    const before = known.get(word);
    if (before) return before;
    if (word.length > MAX_CACHED_LENGTH) return encode(word);
    const tokens = wordTokens(word);
    if (known.size >= MAX_CACHED_WORDS) known.clear();
    known.set(word, tokens);
    return tokens;
  };
  const wordTokens = (word: string): readonly number[] => {
    const parts = ASCII_WORD.test(word) ? (word.match(LETTERS_OR_SIGN) ?? []) : [];
    const lower = word.toLowerCase();
    if (parts.length === 0 || added.some((token) => lower.includes(token))) return encode(word);
    if (parts.length > 1) return parts.flatMap(tokensOf);
    return piecesOf(word) ?? encode(word);
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

interface WordPieceFile {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly continuing_subword_prefix?: string;
  };
  readonly normalizer?: { readonly lowercase?: boolean } | null;
  readonly added_tokens?: readonly { readonly content?: string }[];
}

/** WordPiece (Wu et al. 2016, arXiv:1609.08144): the longest known piece each time; undefined when there is none. */
function wordPieces(tokenizerJson: unknown): (word: string) => number[] | undefined {
  const { model, normalizer } = tokenizerJson as WordPieceFile;
  const prefix = model.continuing_subword_prefix ?? "##";
  const first = new Map<string, number>();
  const further = new Map<string, number>();
  let longest = 0;
  for (const [piece, id] of Object.entries(model.vocab)) {
    if (piece !== "") first.set(piece, id);
    if (piece.startsWith(prefix) && piece.length > prefix.length) further.set(piece.slice(prefix.length), id);
    longest = Math.max(longest, piece.length);
  }
  const lowercase = normalizer?.lowercase === true;
  return (word) => {
    const text = lowercase ? word.toLowerCase() : word;
    const ids: number[] = [];
    for (let start = 0; start < text.length; ) {
      const pieces = start > 0 ? further : first;
      let end = Math.min(text.length, start + longest);
      let id = pieces.get(text.slice(start, end));
      while (id === undefined && end > start) id = pieces.get(text.slice(start, --end));
      if (id === undefined) return undefined;
      ids.push(id);
      start = end;
    }
    return ids;
  };
}

/** Texts that are tokens of their own wherever they stand, in lower case. */
function addedTokens(tokenizerJson: unknown): string[] {
  const { added_tokens: added = [] } = tokenizerJson as WordPieceFile;
  return added.flatMap(({ content }) => (content ? [content.toLowerCase()] : []));
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

/** Whether a `tokenizer.json` describes a tokenizer that {@link encodeByWord} is right for. */
export function splitsAtWhiteSpace(tokenizerJson: unknown): boolean {
  const { model, normalizer, pre_tokenizer } = tokenizerJson as Record<
    string,
    { type?: string } | null | undefined
  >;
  const plain = normalizer === null || normalizer === undefined || normalizer.type === "BertNormalizer";
  return model?.type === "WordPiece" && plain && pre_tokenizer?.type === "BertPreTokenizer";
}
