/**
 * A run of letters or digits, a line break or tab, or one other sign. Runs of ASCII letters are counted by length, the
 * rest by its bytes: byte-level tokenizers spend about a token on each two bytes of what is not English.
 */
const PIECE = /[A-Za-z]+|\d+|[^\sA-Za-z\d]/gu;
const LETTERS_PER_TOKEN = 4;
const DIGITS_PER_TOKEN = 2;
const BYTES_PER_TOKEN = 2;

/** How many tokens a text has at most, or nearly so, for a tokenizer that cannot be asked. English prose has fewer. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(PIECE)) tokens += tokensOf(piece);
  return tokens;
}

/** The beginning of a text that holds at most so many tokens by the same estimate. */
export function cutToTokens(text: string, limit: number): string {
  let tokens = 0;
  for (const match of text.matchAll(PIECE)) {
    const room = limit - tokens;
    tokens += tokensOf(match[0]);
    if (tokens > limit) {
      // A word too long for the rest of the room is cut inside, so that a text of one word keeps something.
      const rest = /^[A-Za-z]/.test(match[0])
        ? LETTERS_PER_TOKEN
        : /^\d/.test(match[0])
          ? DIGITS_PER_TOKEN
          : 0;
      return text.slice(0, match.index + room * rest);
    }
  }
  return text;
}

function tokensOf(piece: string): number {
  const first = piece.codePointAt(0) ?? 0;
  if (first >= 0x80) return Math.max(1, Math.ceil(Buffer.byteLength(piece) / BYTES_PER_TOKEN));
  const perToken = first >= 0x30 && first <= 0x39 ? DIGITS_PER_TOKEN : LETTERS_PER_TOKEN;
  return Math.ceil(piece.length / perToken);
}
