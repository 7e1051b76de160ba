import type { Block } from "../chunk/blocks.ts";
import type { Extracted } from "./extract.ts";
import { Unreadable } from "./front-matter.ts";
import { readHtml } from "./html.ts";
import type { Unpacked } from "./isolated-reader.ts";
import { readPdfText } from "./pdf-text.ts";

/** What came out of a PDF or DOCX, as a source. Throws `Unreadable` when it holds no text. */
export function fromUnpacked(unpacked: Unpacked): Extracted {
  const { text, blocks, title } = unpacked.format === "pdf" ? readPdfText(unpacked) : fromHtml(unpacked.html);
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

function fromHtml(html: string): Contents {
  const { text, blocks, title } = readHtml(html);
  const heading = blocks.find((block) => block.kind === "heading" && block.title !== "");
  return { text, blocks, title: title ?? (heading?.kind === "heading" ? heading.title : undefined) };
}
