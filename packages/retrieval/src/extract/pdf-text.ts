import { type Block, lineBlock, proseBlock } from "../chunk/blocks.ts";
import { hyphenatedWords, joinHyphenated } from "./hyphens.ts";
import { bodySize, inOneTable, withoutRunningLines } from "./pdf-lines.ts";
import { wellFormed } from "./well-formed.ts";

/** A line of a page: where it stands, how large its type is, and its cells from left to right; one where there is no gap. */
export interface PdfLine {
  /** Height of its base line above the bottom of the page, in points. */
  readonly y: number;
  readonly size: number;
  readonly cells: readonly { readonly text: string; readonly x: number }[];
}

export interface OutlineEntry {
  /** From 1. */
  readonly depth: number;
  readonly title: string;
  /** From 0. */
  readonly page: number;
  /** Where on the page it begins, in points from the bottom; absent for the top. */
  readonly y?: number;
}

export interface PdfContents {
  readonly pages: readonly (readonly PdfLine[])[];
  readonly outline: readonly OutlineEntry[];
  readonly title?: string;
}

/** A gap between two lines of more than this many sizes of the type separates paragraphs. */
const PARAGRAPH_GAP = 1.6;
/** Type so much larger than that of the text is a heading's, in a PDF without an outline. */
const HEADING_SIZE = 1.15;
const MAX_HEADING_LENGTH = 160;
/** Sizes of headings that are told apart. */
const HEADING_DEPTHS = 3;

/**
 * The text of a PDF, its pages with a blank line between, and the blocks in it. The headings are the outline's, or lines in
 * larger type where there is none; each page is a place, so that no passage spans two. Lines repeated at the edges of the pages are left out, words cut at the end of a line are whole, and the cells of a row are joined by ` | `.
 */
export function readPdfText({ pages, outline, title }: PdfContents): {
  text: string;
  blocks: Block[];
  title: string | undefined;
} {
  const kept = withoutRunningLines(pages);
  const headings = outline.length > 0 ? byOutline(kept, outline) : bySize(kept);
  const hyphenated = hyphenatedWords(kept.flat().map(textOf));
  const whole: string[] = [];
  const blocks: Block[] = [];
  let length = 0;
  const write = (piece: string) => {
    whole.push(piece);
    length += piece.length;
  };
  for (const [index, lines] of kept.entries()) {
    if (index > 0) write("\n\n");
    blocks.push({ kind: "place", place: { unit: "page", first: index + 1, last: index + 1 } });
    let begun = false;
    const runs = runsOf(lines, (line) => headings.get(line) !== undefined);
    for (const [at, run] of runs.entries()) {
      const first = run.lines[0] as PdfLine;
      if (run.kind === "heading") {
        if (begun) write("\n\n");
        for (const { depth, title: name, own } of headings.get(first) ?? [])
          if (!own) blocks.push({ kind: "heading", depth, title: name, start: length, end: length });
        const start = length;
        write(wellFormed(textOf(first)));
        const own = headings.get(first)?.find((heading) => heading.own);
        if (own) blocks.push({ kind: "heading", depth: own.depth, title: own.title, start, end: length });
        // With nothing under it on this page, its own words are all that can be found.
        const follows = runs[at + 1]?.kind;
        if (!own || follows === undefined || follows === "heading")
          push(blocks, proseBlock(textOf(first), 0, textOf(first).length), start);
        begun = true;
        continue;
      }
      if (begun) write("\n\n");
      begun = true;
      const start = length;
      if (run.kind === "table") {
        const rows = run.lines.map(textOf).join("\n");
        write(wellFormed(rows));
        push(blocks, lineBlock("table", rows, 0, rows.length), start);
      } else {
        const prose = wellFormed(joinHyphenated(run.lines.map(textOf), hyphenated));
        write(prose);
        push(blocks, proseBlock(prose, 0, prose.length), start);
      }
    }
  }
  const clean = title && wellFormed(title.replace(/\s+/g, " ").trim().slice(0, 1024));
  return { text: whole.join(""), blocks, title: clean || undefined };
}

interface Heading {
  readonly depth: number;
  readonly title: string;
  /** Whether the line is the heading itself, and not only what stands below it. */
  readonly own: boolean;
}

type Headings = ReadonlyMap<PdfLine, readonly Heading[]>;

/** Puts each entry on the line that says it, else on the first line at or below the place that it names. */
function byOutline(pages: readonly (readonly PdfLine[])[], outline: readonly OutlineEntry[]): Headings {
  const found = new Map<PdfLine, Heading[]>();
  for (const { depth, title: raw, page, y } of outline) {
    const lines = pages[page] ?? [];
    const title = wellFormed(raw);
    const wanted = plain(title);
    const same = lines.find((line) => plain(textOf(line)) === wanted);
    const below = y === undefined ? lines[0] : lines.find((line) => line.y <= y + line.size);
    const line = same ?? below ?? lines[0];
    if (!line) continue;
    found.set(line, [...(found.get(line) ?? []), { depth, title, own: line === same }]);
  }
  return found;
}

/** Lines in type larger than the text's; the largest sizes are the outer headings. */
function bySize(pages: readonly (readonly PdfLine[])[]): Headings {
  const body = bodySize(pages);
  const large = pages.flat().filter((line) => {
    const text = textOf(line);
    return line.size >= body * HEADING_SIZE && text.length <= MAX_HEADING_LENGTH && /\p{L}/u.test(text);
  });
  const sizes = [...new Set(large.map(({ size }) => Math.round(size)))].sort((a, b) => b - a);
  const depthOf = (size: number) => Math.min(HEADING_DEPTHS, sizes.indexOf(Math.round(size)) + 1);
  return new Map(
    large.map((line) => [line, [{ depth: depthOf(line.size), title: wellFormed(textOf(line)), own: true }]]),
  );
}

interface Run {
  readonly kind: "heading" | "table" | "prose";
  readonly lines: PdfLine[];
}

/** Lines that belong together: a heading, a table's rows, a paragraph. */
function runsOf(lines: readonly PdfLine[], isHeading: (line: PdfLine) => boolean): Run[] {
  const runs: Run[] = [];
  for (const [index, line] of lines.entries()) {
    const run = runs.at(-1);
    const previous = lines[index - 1];
    const next = lines[index + 1];
    if (isHeading(line)) runs.push({ kind: "heading", lines: [line] });
    else if (run && previous && run.kind === "table" && inOneTable(previous, line)) run.lines.push(line);
    else if (next && !isHeading(next) && inOneTable(line, next)) runs.push({ kind: "table", lines: [line] });
    else if (run && previous && run.kind === "prose" && !apart(previous, line)) run.lines.push(line);
    else runs.push({ kind: "prose", lines: [line] });
  }
  return runs;
}

function apart(a: PdfLine, b: PdfLine): boolean {
  return Math.abs(a.y - b.y) > Math.max(a.size, b.size) * PARAGRAPH_GAP;
}

/** Blocks whose units count from `at`. */
function push(blocks: Block[], block: Block | undefined, at: number): void {
  if (!block || !("units" in block)) return;
  const units = block.units.map(({ start, end }) => ({ start: start + at, end: end + at }));
  blocks.push({ kind: block.kind, units });
}

function textOf({ cells }: PdfLine): string {
  return cells.map(({ text }) => text).join(cells.length > 1 ? " | " : "");
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}
