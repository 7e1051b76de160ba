// @ts-check
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Refused } from "./refused.mjs";

// pdf.js makes a matrix while it is loaded, for drawing, which is never done here; its own fallback is a native module.
const drawing = class {};
Object.assign(globalThis, { DOMMatrix: drawing, Path2D: drawing, ImageData: drawing });

/** Limits on an outline: a hostile one can have any number of entries, in a circle too. */
const MAX_OUTLINE = 5_000;
const MAX_OUTLINE_DEPTH = 8;

/** Two runs on one line further apart than this many heights of the text are two cells. */
const CELL_GAP = 1.5;
/** Runs whose base lines differ by less than this share of the height stand on one line. */
const SAME_LINE = 0.4;

/**
 * @param {Uint8Array} bytes
 * @param {import("./isolated-reader.ts").ReadLimits} limits
 * @returns {Promise<import("./isolated-reader.ts").Unpacked>}
 */
export async function readPdf(bytes, { maxPages, maxLength }) {
  const { getDocument } = await import("pdfjs-dist/legacy/build/pdf.mjs");
  const home = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
  const task = getDocument({
    data: bytes,
    // Tables of characters for Chinese, Japanese and Korean, and metrics of the fonts that a PDF need not bring along.
    cMapUrl: `${join(home, "cmaps")}/`,
    cMapPacked: true,
    standardFontDataUrl: `${join(home, "standard_fonts")}/`,
    isEvalSupported: false,
    useSystemFonts: false,
    disableFontFace: true,
    useWorkerFetch: false,
    useWasm: false,
    enableXfa: false,
    verbosity: 0,
  });
  try {
    const document = await task.promise;
    if (document.numPages > maxPages)
      throw new Refused(
        `it has ${document.numPages} pages, more than the ${maxPages} read at most; split it`,
      );
    const pages = [];
    let length = 0;
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      const lines = linesOf(items);
      page.cleanup();
      for (const { cells } of lines) for (const { text } of cells) length += text.length + 1;
      if (length > maxLength) throw new Refused("its text is longer than 16 Mi characters, split it");
      pages.push(lines);
    }
    const outline = await readOutline(document).catch(() => []);
    const { info } = await document.getMetadata().catch(() => ({ info: {} }));
    const title = "Title" in info && typeof info.Title === "string" ? info.Title : undefined;
    return { format: "pdf", pages, outline, ...(title ? { title } : {}) };
  } finally {
    await task.destroy();
  }
}

/**
 * The lines of a page in reading order, each in cells that stand apart.
 * @param {readonly unknown[]} items  Runs of text in reading order, as pdf.js gives them.
 * @returns {import("./pdf-text.ts").PdfLine[]}
 */
function linesOf(items) {
  /** @type {{ y: number, size: number, cells: { text: string, x: number }[] }[]} */
  const lines = [];
  /** @type {{ y: number, size: number, end: number, cells: { text: string, x: number }[] } | undefined} */
  let line;
  let space = false;
  const close = () => {
    const cells = line?.cells
      .map(({ text, x }) => ({ text: text.trim(), x }))
      .filter(({ text }) => text !== "");
    if (line && cells && cells.length > 0) lines.push({ y: line.y, size: line.size, cells });
    line = undefined;
    space = false;
  };
  for (const item of items) {
    const { str, hasEOL, transform, height, width } =
      /** @type {{ str?: string, hasEOL?: boolean, transform?: number[], height?: number, width?: number }} */ (
        item
      );
    if (str === undefined) continue;
    const x = transform?.[4] ?? 0;
    const y = transform?.[5] ?? 0;
    const size = height || Math.hypot(transform?.[2] ?? 0, transform?.[3] ?? 0) || 1;
    if (str.trim() === "") space = true;
    else {
      if (line && (Math.abs(line.y - y) > Math.max(line.size, size) * SAME_LINE || x < line.end - size))
        close();
      const last = line?.cells.at(-1);
      if (!line || !last) line = { y, size, end: x, cells: [{ text: str, x }] };
      else {
        if (x - line.end > size * CELL_GAP) line.cells.push({ text: str, x });
        else last.text += (space && !/\s$/.test(last.text) ? " " : "") + str;
        line.size = Math.max(line.size, size);
      }
      line.end = x + (width ?? 0);
      space = false;
    }
    // A line may end in the middle of a table's row, whose next cell stands on the same base line.
    if (hasEOL) space = true;
  }
  close();
  return lines;
}

/**
 * The entries of the outline with their pages, in order.
 * @param {import("pdfjs-dist").PDFDocumentProxy} document
 * @returns {Promise<import("./pdf-text.ts").OutlineEntry[]>}
 */
async function readOutline(document) {
  /** @type {import("./pdf-text.ts").OutlineEntry[]} */
  const entries = [];
  let seen = 0;
  /** @param {readonly any[]} nodes @param {number} depth */
  const visit = async (nodes, depth) => {
    for (const { title, dest, items } of nodes) {
      if (++seen > MAX_OUTLINE || depth > MAX_OUTLINE_DEPTH) return;
      const target = typeof dest === "string" ? await document.getDestination(dest) : dest;
      const reference = Array.isArray(target) ? target[0] : undefined;
      const page =
        typeof reference === "number"
          ? reference
          : reference && (await document.getPageIndex(reference).catch(() => undefined));
      if (typeof page === "number" && typeof title === "string" && title.trim() !== "") {
        const y = Array.isArray(target) && target[1]?.name === "XYZ" ? target[3] : undefined;
        entries.push({
          depth,
          title: title.replace(/\s+/g, " ").trim().slice(0, 1024),
          page,
          ...(typeof y === "number" ? { y } : {}),
        });
      }
      if (Array.isArray(items)) await visit(items, depth + 1);
    }
  };
  await visit((await document.getOutline()) ?? [], 1);
  return entries;
}
