// @ts-check
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Refused } from "./refused.mjs";

// pdf.js makes a matrix while it is loaded, for drawing, which is never done here; its own fallback is a native module.
const drawing = class {};
Object.assign(globalThis, { DOMMatrix: drawing, Path2D: drawing, ImageData: drawing });

/** A gap between two lines of more than this many line heights separates paragraphs. */
const PARAGRAPH_GAP = 1.6;

/**
 * @param {Uint8Array} bytes
 * @param {import("./unpacker.ts").UnpackLimits} limits
 * @returns {Promise<import("./unpacker.ts").Unpacked>}
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
      const text = layOut(items);
      page.cleanup();
      length += text.length;
      if (length > maxLength) throw new Refused("its text is longer than 16 Mi characters, split it");
      pages.push(text);
    }
    const { info } = await document.getMetadata().catch(() => ({ info: {} }));
    const title = "Title" in info && typeof info.Title === "string" ? info.Title : undefined;
    return { format: "pdf", pages, ...(title ? { title } : {}) };
  } finally {
    await task.destroy();
  }
}

/** @param {readonly unknown[]} items  Runs of text in reading order, as pdf.js gives them. */
function layOut(items) {
  const parts = [];
  let lastY;
  for (const item of items) {
    const { str, hasEOL, transform, height } =
      /** @type {{ str?: string, hasEOL?: boolean, transform?: number[], height?: number }} */ (item);
    if (str === undefined) continue;
    const y = transform?.[5];
    if (str.trim() !== "" && y !== undefined) {
      if (
        lastY !== undefined &&
        height &&
        parts.at(-1) === "\n" &&
        Math.abs(lastY - y) > height * PARAGRAPH_GAP
      )
        parts.push("\n");
      lastY = y;
    }
    if (str !== "") parts.push(str);
    if (hasEOL) parts.push("\n");
  }
  return parts.join("");
}
