/** A run of a document's text of one look. */
export interface SourcePiece {
  readonly kind: "prose" | "heading" | "fixed" | "matter";
  readonly text: string;
}

export interface SourcePieces {
  readonly before: readonly SourcePiece[];
  /** The quote; empty when the offsets name no text. */
  readonly quote: readonly SourcePiece[];
  readonly after: readonly SourcePiece[];
}

/**
 * A document's text, cut at the quote's offsets and by the look of its lines. Nothing is added or left out: put
 * together again, the pieces are the text.
 */
export function sourcePieces(text: string, start = 0, end = 0): SourcePieces {
  const from = Math.min(Math.max(start, 0), text.length);
  const to = Math.min(Math.max(end, from), text.length);
  const pieces: { before: SourcePiece[]; quote: SourcePiece[]; after: SourcePiece[] } = {
    before: [],
    quote: [],
    after: [],
  };
  let position = 0;
  for (const { kind, text: line } of lookOfLines(text)) {
    const lineEnd = position + line.length;
    const cut = (a: number, b: number) => text.slice(Math.max(position, a), Math.min(lineEnd, b));
    add(pieces.before, kind, position < from ? cut(0, from) : "");
    add(pieces.quote, kind, position < to && lineEnd > from ? cut(from, to) : "");
    add(pieces.after, kind, lineEnd > to ? cut(to, text.length) : "");
    position = lineEnd;
  }
  return pieces;
}

function add(pieces: SourcePiece[], kind: SourcePiece["kind"], text: string): void {
  if (!text) return;
  const last = pieces.at(-1);
  if (last?.kind === kind) pieces[pieces.length - 1] = { kind, text: last.text + text };
  else pieces.push({ kind, text });
}

function lookOfLines(text: string): SourcePiece[] {
  const lines = text.split(/(?<=\n)/);
  let matter = /^\uFEFF?---\s*$/.test(lines[0] ?? "");
  let fence = false;
  return lines.map((line, index) => {
    const kind = (): SourcePiece["kind"] => {
      if (matter) {
        if (index > 0 && /^(---|\.\.\.)\s*$/.test(line)) matter = false;
        return "matter";
      }
      if (/^\s{0,3}(```|~~~)/.test(line)) {
        fence = !fence;
        return "fixed";
      }
      if (fence || /^\s*\|/.test(line)) return "fixed";
      return /^#{1,6}\s/.test(line) ? "heading" : "prose";
    };
    return { kind: kind(), text: line };
  });
}
