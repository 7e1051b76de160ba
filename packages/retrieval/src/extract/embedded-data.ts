import type { Span } from "../chunk/blocks.ts";

/** Shortest data that is left out, in characters: an icon's; shorter ones cost nothing. */
const LEAST_LENGTH = 256;

/** No character that could begin another address, so that each is looked at once. */
const ADDRESS = String.raw`data:[\w.+-]+/[\w.+-]+[;,][\w+/=;,%.~-]{${LEAST_LENGTH},}`;

/** An image with its alternative text whose address is data (RFC 2397), or such an address wherever else it stands. */
const EMBEDDED_DATA = new RegExp(
  String.raw`(?<open>!?\[)(?<alt>[^\][\n]*)\]\([ \t]*<?${ADDRESS}>?(?:[ \t]+"[^"\n]*")?[ \t]*\)|${ADDRESS}`,
  "g",
);

/** What of a stretch is to be read. `after`: data stood behind it, so nothing may span its end. */
export interface ReadableSpan extends Span {
  readonly after: boolean;
}

/**
 * The stretches of `[start, end)` between embedded files. A page with pictures in it is mostly their bytes: to cut and
 * embed those takes minutes, and nobody will ever search for them. The alternative text of a picture is kept.
 */
export function withoutEmbeddedData(text: string, start: number, end: number): ReadableSpan[] {
  const source = text.slice(start, end);
  if (!source.includes("data:")) return [{ start, end, after: false }];
  const spans: ReadableSpan[] = [];
  let from = start;
  for (const match of source.matchAll(EMBEDDED_DATA)) {
    const at = start + match.index;
    const { open, alt } = match.groups ?? {};
    if (alt) {
      const altStart = at + (open ?? "").length;
      spans.push({ start: from, end: at, after: false });
      spans.push({ start: altStart, end: altStart + alt.length, after: true });
    } else spans.push({ start: from, end: at, after: true });
    from = at + match[0].length;
  }
  spans.push({ start: from, end, after: false });
  return spans;
}
