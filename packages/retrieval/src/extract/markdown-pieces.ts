import type { Span } from "../chunk/blocks.ts";

/**
 * A stretch of Markdown and what it is. `prose` is one paragraph, with the marker of the list item that it stands in;
 * `code` one fenced block; `heading` one line. `markdown` is anything else, for the parser.
 */
export interface Piece extends Span {
  readonly kind: "heading" | "prose" | "code" | "markdown";
}

/** Line starts that can be nothing but a paragraph's text: a bracket, say, only where it opens no definition (`[label]:`). */
const TEXT =
  /[A-Za-z"'(,./;?@{}$%&\\^]|\d+(?![\d.)])|\d+[.)](?![ \t\r\n]|$)|[^\0-\x7f\ufeff]|[*_]+[^\s*_]|`{1,2}[^`\s]|!\[|\[[^[\]\\\r\n]{1,200}\](?!:)/y;
/** A list item's marker before something that is no indented code. */
const ITEM = /(?:([-*+])|\d{1,9}([.)])) {1,4}(?=\S)/y;
const HEADING = /#{1,6}(?=[ \t\r\n]|$)/y;
const FENCE = /`{3,}(?=[^`\n]*(?:\n|$))|~{3,}/y;
/** What may hold blank lines and unindented text: a fence or HTML, behind the markers of any quotes and items. */
const MAY_GO_ON = /[ \t>*+\-\d.)]*(?:<|`{3}|~{3})/y;

/**
 * Cuts Markdown into pieces whose limits are certain from the starts of their lines: paragraphs, headings, fenced code and
 * list items at the left margin, which is most of what people write. Where a line leaves a doubt, the stretch around it is
 * one piece for the parser, up to a line after a blank one that closes whatever was open. Takes linear time.
 */
export function* markdownPieces(text: string, from: number, to: number): Generator<Piece> {
  /** A line at the left margin before which nothing is open: a stretch in doubt begins there. */
  let safe = from;
  /** Pieces since then. */
  let sure: Piece[] = [];
  let open: { readonly start: number; end: number; readonly marker: string } | undefined;
  let inList = false;
  const close = () => {
    if (open) sure.push({ kind: "prose", start: open.start, end: open.end });
    open = undefined;
  };
  const settle = function* (line: number): Generator<Piece> {
    close();
    yield* sure;
    sure = [];
    safe = line;
  };
  for (let line = from; line < to; ) {
    const { end, next } = lineAt(text, line, to);
    const first = skipBlanks(text, line, end);
    const indented = first > line;
    if (first === end) {
      close();
      if (!inList) yield* settle(next);
      line = next;
      continue;
    }
    const fence = indented ? undefined : match(FENCE, text, line)?.[0];
    if (fence || (!indented && match(HEADING, text, line))) {
      yield* settle(line);
      inList = false;
      const last = fence ? closingLine(text, next, to, fence) : { end, next };
      yield { kind: fence ? "code" : "heading", start: line, end: last.end };
      line = safe = last.next;
      continue;
    }
    const item = match(ITEM, text, first);
    const marker = item?.[1] ?? item?.[2] ?? "";
    // A number does not end every paragraph; that of an item of the same kind it does.
    const begins = item && !indented && (!open || item[1] || open.marker === marker);
    const isText = match(TEXT, text, first + (begins ? item[0].length : 0)) !== null;
    if (begins && isText) {
      yield* settle(line);
      inList = true;
      open = { start: line, end, marker };
    } else if (isText && !item && open) open.end = end;
    else if (isText && !item && !indented) {
      yield* settle(line);
      inList = false;
      open = { start: line, end, marker: "" };
    } else {
      const stop = endOfDoubt(text, line, to);
      yield { kind: "markdown", start: safe, end: stop };
      sure = [];
      open = undefined;
      inList = false;
      line = safe = stop;
      continue;
    }
    line = next;
  }
  yield* settle(to);
}

/** The first line after `line` before which everything must be closed. */
function endOfDoubt(text: string, line: number, to: number): number {
  let afterBlank = false;
  for (let at = line; at < to; ) {
    const { end, next } = lineAt(text, at, to);
    // Not at a number or an empty item: the parser takes those behind indented code for text.
    const item = match(ITEM, text, at);
    if (
      afterBlank &&
      ([TEXT, HEADING, FENCE].some((start) => match(start, text, at)) ||
        (item?.[1] && match(TEXT, text, at + item[0].length)))
    )
      return at;
    if (match(MAY_GO_ON, text, at)) return to;
    afterBlank = skipBlanks(text, at, end) === end;
    at = next;
  }
  return to;
}

/** The line that closes a fence, or the last one. */
function closingLine(text: string, from: number, to: number, fence: string): { end: number; next: number } {
  const closing = new RegExp(` {0,3}${fence.charAt(0)}{${fence.length},}[ \\t]*\\r?(?:\\n|$)`, "y");
  for (let line = from; line < to; ) {
    const { end, next } = lineAt(text, line, to);
    if (match(closing, text, line)) return { end, next };
    line = next;
  }
  return { end: to, next: to };
}

function lineAt(text: string, start: number, to: number): { end: number; next: number } {
  const newline = text.indexOf("\n", start);
  if (newline < 0 || newline >= to) return { end: to, next: to };
  return { end: newline > start && text[newline - 1] === "\r" ? newline - 1 : newline, next: newline + 1 };
}

function skipBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && (text[at] === " " || text[at] === "\t")) at++;
  return at;
}

function match(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}
