/** Limit on identifiers taken from one text, so that a page of hashes cannot swell its row. */
const MAX_IDENTIFIERS = 2_000;
const MAX_LENGTH = 256;

/**
 * The identifiers of a text, lower-case, each once, separated by spaces: error codes (`E-4012`), flags (`--flag`), names
 * (`snake_case_name`, `camelCase`, `a.b.c`), versions (`v1.2.3`), paths, addresses. Stemming and splitting would lose them.
 */
export function identifiersOf(text: string): string {
  const found = new Set<string>();
  for (const match of text.matchAll(/[^\s"'`“”‘’«»()[\]{}<>|,;*=]+/gu)) {
    const token = match[0].replace(/^[.!?:&]+|[.!?:&]+$/g, "");
    if (token.length < 2 || token.length > MAX_LENGTH || !isIdentifier(token)) continue;
    found.add(token.toLowerCase());
    if (found.size >= MAX_IDENTIFIERS) break;
  }
  return [...found].join(" ");
}

function isIdentifier(token: string): boolean {
  const letter = /\p{L}/u.test(token);
  const digit = /\p{N}/u.test(token);
  if (/^--?\p{L}/u.test(token)) return true;
  if (!letter) return /^\p{N}+(?:[._:/-]\p{N}+){2,}$/u.test(token);
  if (digit) return true;
  // Letters alone: joined by a sign that joins no words of a language, or by case.
  return /\p{L}[_@#$\\/:.]+\p{L}|_\p{L}|\p{L}_/u.test(token) || /\p{Ll}\p{Lu}/u.test(token);
}
