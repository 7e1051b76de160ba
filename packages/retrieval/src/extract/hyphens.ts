/** A word cut at the end of a line: letters and a hyphen, or the soft one that is there for nothing else. */
const CUT = /(\p{L}+)(-|\u2010|\u00ad)$/u;
const GOES_ON = /^(\p{Ll}+)/u;
/** Longest part of a word that is looked at. */
const MAX_WORD = 64;

/** Words that are written with a hyphen within a line, in lower case: there it belongs to them. */
export function hyphenatedWords(lines: Iterable<string>): Set<string> {
  const words = new Set<string>();
  for (const line of lines)
    for (const [word] of line.matchAll(/\p{L}+[-\u2010]\p{L}+/gu))
      words.add(word.toLowerCase().replace("\u2010", "-"));
  return words;
}

/**
 * Lines as one text, with the words that were cut at a line's end made whole. The hyphen goes, unless the word is among
 * those that are written with one.
 */
export function joinHyphenated(lines: readonly string[], hyphenated: ReadonlySet<string>): string {
  const pieces: string[] = [];
  for (const line of lines) {
    const last = pieces.at(-1);
    const cut = last === undefined ? null : CUT.exec(last.slice(-MAX_WORD));
    const rest = cut && GOES_ON.exec(line.slice(0, MAX_WORD));
    if (last === undefined) pieces.push(line);
    else if (!cut || !rest) pieces.push("\n", line);
    else {
      const keeps = cut[2] !== "\u00ad" && hyphenated.has(`${cut[1]}-${rest[1]}`.toLowerCase());
      if (!keeps) pieces[pieces.length - 1] = last.slice(0, -1);
      pieces.push(line);
    }
  }
  return pieces.join("");
}
