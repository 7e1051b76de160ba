import type { PdfLine } from "./pdf-text.ts";

/** Lines at the top and at the bottom of a page that may be repeated on others. */
const EDGE_LINES = 2;
/** A line on so many pages, and on this share of them, belongs to the paper and not to the text. */
const MIN_REPEATED = 3;
const REPEATED_SHARE = 0.5;

/**
 * Pages without the lines that are repeated at their top or bottom, such as a title and page numbers: two lines are the
 * same when they differ in digits alone. A line in larger type than the page's own is a heading, and stays.
 */
export function withoutRunningLines(pages: readonly (readonly PdfLine[])[]): PdfLine[][] {
  const counts = new Map<string, number>();
  const edges = pages.map((lines) => {
    const top = lines.slice(0, EDGE_LINES).map((line, i) => ({ line, key: `top ${i} ${formOf(line)}` }));
    const bottom = lines
      .slice(Math.max(EDGE_LINES, lines.length - EDGE_LINES))
      .reverse()
      .map((line, i) => ({ line, key: `bottom ${i} ${formOf(line)}` }));
    return [...top, ...bottom];
  });
  for (const edge of edges) for (const { key } of edge) counts.set(key, (counts.get(key) ?? 0) + 1);
  const filled = pages.filter((lines) => lines.length > 0).length;
  const limit = Math.max(MIN_REPEATED, filled * REPEATED_SHARE);
  return pages.map((lines, index) => {
    const running = new Set(
      (edges[index] ?? []).flatMap(({ line, key }) => ((counts.get(key) ?? 0) >= limit ? [line] : [])),
    );
    return lines.filter((line) => !running.has(line));
  });
}

function formOf({ cells, size }: PdfLine): string {
  const text = cells.map(({ text }) => text).join(" ");
  return `${Math.round(size)} ${text.replace(/\d+/g, "0").replace(/\s+/g, " ")}`;
}

/** The size of type that most characters have. */
export function bodySize(pages: readonly (readonly PdfLine[])[]): number {
  const characters = new Map<number, number>();
  for (const lines of pages)
    for (const { cells, size } of lines) {
      const rounded = Math.round(size * 2) / 2;
      const length = cells.reduce((sum, { text }) => sum + text.length, 0);
      characters.set(rounded, (characters.get(rounded) ?? 0) + length);
    }
  let best = { size: 0, count: 0 };
  for (const [size, count] of characters) if (count > best.count) best = { size, count };
  return best.size;
}

/** How far, in sizes of the type, the beginnings of two cells of a column may lie apart. */
const COLUMN_SLACK = 1;

/** Whether two lines that follow each other are rows of one table: both have cells, and two of them begin below each other. */
export function inOneTable(a: PdfLine, b: PdfLine): boolean {
  if (a.cells.length < 2 || b.cells.length < 2) return false;
  const slack = Math.max(a.size, b.size) * COLUMN_SLACK;
  const shared = a.cells.filter(({ x }) => b.cells.some((cell) => Math.abs(cell.x - x) <= slack));
  return shared.length >= 2;
}
