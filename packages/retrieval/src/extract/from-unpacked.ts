import { type Block, proseBlock } from "../chunk/blocks.ts";
import type { Extracted } from "./extract.ts";
import { Unreadable } from "./front-matter.ts";
import { readHtml } from "./html.ts";
import type { Unpacked } from "./unpacker.ts";
import { wellFormed } from "./well-formed.ts";

/** What came out of a PDF or DOCX, as a source. Throws `Unreadable` when it holds no text. */
export function fromUnpacked(unpacked: Unpacked): Extracted {
  const { text, blocks, title } = unpacked.format === "pdf" ? fromPages(unpacked) : fromHtml(unpacked.html);
  if (text.trim() === "") {
    const scan = unpacked.format === "pdf" ? "; if it is a scan, add a text layer with OCR" : "";
    throw new Unreadable(`it has no text${scan}`);
  }
  return { text, blocks, ...(title ? { title } : {}), metadata: {}, warnings: [] };
}

interface Contents {
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly title?: string | undefined;
}

/** Pages are joined by a blank line; each is a section headed `Page 3`, so that no passage spans two of them. */
function fromPages({ pages, title }: Extract<Unpacked, { format: "pdf" }>): Contents {
  const text = pages.map((page) => wellFormed(page)).join("\n\n");
  const blocks: Block[] = [];
  let start = 0;
  for (const [index, page] of pages.entries()) {
    const end = start + page.length;
    blocks.push({ kind: "heading", depth: 1, title: `Page ${index + 1}`, start, end: start });
    let from = start;
    for (const gap of text.slice(start, end).matchAll(/\n[ \t\r\f\v]*\n/g)) {
      const block = proseBlock(text, from, start + gap.index);
      if (block) blocks.push(block);
      from = start + gap.index + gap[0].length;
    }
    const last = proseBlock(text, from, end);
    if (last) blocks.push(last);
    start = end + 2;
  }
  const clean = title && wellFormed(title.replace(/\s+/g, " ").trim().slice(0, 1024));
  return { text, blocks, title: clean || undefined };
}

function fromHtml(html: string): Contents {
  const { text, blocks, title } = readHtml(html);
  const heading = blocks.find((block) => block.kind === "heading" && block.title !== "");
  return { text, blocks, title: title ?? (heading?.kind === "heading" ? heading.title : undefined) };
}
