/** One line of Markdown, as far as a single line tells. Offsets are UTF-16 units into the whole text. */
export interface Line {
  readonly kind: "blank" | "heading" | "item" | "row" | "delimiter" | "rule" | "text";
  /** The whole line, without its line break. */
  readonly start: number;
  readonly end: number;
  /** The line without its markers. */
  readonly contentStart: number;
  readonly contentEnd: number;
  /** Ends in two spaces or a backslash: Markdown's line break inside a paragraph. */
  readonly hardBreak: boolean;
  /** A code fence; `bare` when nothing follows it, so that it can close one. */
  readonly fence?: { readonly mark: string; readonly length: number; readonly bare: boolean };
}

interface Surroundings {
  readonly insideParagraph: boolean;
  readonly insideList: boolean;
}

const QUOTE = /(?:[ \t]*>)+[ \t]?/y;
const FENCE = /[ \t]*(`{3,}|~{3,})([^\n\r]*)/y;
const HEADING = /[ \t]*#{1,6}(?=[ \t]|$)/y;
const BULLET = /[ \t]*[-*+•‣◦][ \t]+(?:\[[ xX]\][ \t]+)?/y;
const NUMBER = /[ \t]*(\d{1,9})[.)][ \t]+(?:\[[ xX]\][ \t]+)?/y;
const RULE = /^[ \t]*(?:=+|-+|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})[ \t]*$/;
const DELIMITER = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** Reads a text line by line. `surroundings` is asked at each line, since a list number must not cut a paragraph. */
export function* readLines(text: string, surroundings: () => Surroundings): Generator<Line> {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start < text.length) {
    let next = text.indexOf("\n", start);
    next = next < 0 ? text.length : next + 1;
    let end = next;
    while (end > start && (text[end - 1] === "\n" || text[end - 1] === "\r")) end--;
    yield readLine(text, start, end, surroundings());
    start = next;
  }
}

function readLine(text: string, start: number, end: number, around: Surroundings): Line {
  const raw = text.slice(start, end);
  const after = (pattern: RegExp, from: number): RegExpExecArray | null => {
    pattern.lastIndex = from;
    return pattern.exec(raw);
  };
  const quote = after(QUOTE, 0)?.[0].length ?? 0;
  const hardBreak = /(?: {2,}|\\)$/.test(raw.slice(-2)) || raw.endsWith("\\");
  const line = (kind: Line["kind"], from: number, to = raw.length): Line => ({
    kind,
    start,
    end,
    contentStart: start + from,
    contentEnd: start + to,
    hardBreak,
  });

  const body = raw.slice(quote);
  if (body.trim() === "") return line("blank", quote);
  if (RULE.test(body)) return line("rule", quote);
  if (body.includes("|") && DELIMITER.test(body)) return line("delimiter", quote);

  let from = quote;
  let item = false;
  for (;;) {
    const bullet = after(BULLET, from);
    const number = bullet ? null : after(NUMBER, from);
    // CommonMark: only a list that begins with 1 can interrupt a paragraph, so that a wrapped "1999. " stays text.
    const starts =
      number && (!around.insideParagraph || around.insideList || item || Number(number[1]) === 1);
    const length = bullet?.[0].length ?? (starts ? number[0].length : 0);
    if (length === 0) break;
    from += length;
    item = true;
  }

  const fence = after(FENCE, from);
  if (fence?.[1] && !(fence[1].startsWith("`") && fence[2]?.includes("`"))) {
    const bare = fence[2]?.trim() === "";
    return { ...line("text", from), fence: { mark: fence[1].charAt(0), length: fence[1].length, bare } };
  }
  const heading = after(HEADING, from);
  if (heading) {
    const closing = /[ \t]+#+[ \t]*$/.exec(raw.slice(from + heading[0].length));
    return line("heading", from + heading[0].length, raw.length - (closing?.[0].length ?? 0));
  }
  const trimmed = raw.slice(from).trim();
  if (trimmed.startsWith("|") && trimmed.length > 1) {
    const first = raw.indexOf("|", from) + 1;
    const last = trimmed.endsWith("|") && !trimmed.endsWith("\\|") ? raw.lastIndexOf("|") : raw.length;
    return line("row", first, Math.max(first, last));
  }
  const to = raw.endsWith("\\") ? raw.length - 1 : raw.length;
  return line(item ? "item" : "text", from, Math.max(from, to));
}
