/** A text on lines of at most `width` characters, broken at spaces; a longer word stands whole on its line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.trim().split(/\s*\n\s*/)) {
    let line = "";
    for (const word of paragraph.split(/\s+/)) {
      if (line && length(line) + 1 + length(word) > width) {
        lines.push(line);
        line = word;
      } else line = line ? `${line} ${word}` : word;
    }
    lines.push(line);
  }
  return lines;
}

/** Characters as a reader counts them, near enough for European text. */
export const length = (text: string): number => [...text].length;
