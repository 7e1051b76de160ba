import type { MediaType, Metadata } from "@advisor/contracts";
import { type Block, proseBlock } from "../chunk/blocks.ts";
import { readFrontMatter } from "./front-matter.ts";
import { readHtml } from "./html.ts";
import { jsonLineRecords } from "./json-lines.ts";
import { markdownBlocks } from "./markdown.ts";
import type { Records, SourceWarning } from "./records.ts";
import { sourceCodeBlocks } from "./source-code.ts";
import { tableRecords } from "./table-file.ts";
import { wellFormed } from "./well-formed.ts";

/** Goes up when the same bytes would give another text, title, rule or block: stored documents are then read anew. */
export const EXTRACTOR_VERSION = 6;

/** What a source says of itself. */
export interface Extracted {
  /** Extracted text, to which all offsets refer. */
  readonly text: string;
  /** Of the front matter, else of the first heading; absent when there is neither. */
  readonly title?: string;
  /** Of the front matter; absent when it names no rule. */
  readonly roles?: readonly string[];
  readonly metadata: Metadata;
  readonly blocks: readonly Block[];
  readonly warnings: readonly SourceWarning[];
}

/**
 * Reads a source. The uri's ending tells the language of source code, in which nothing is taken for front matter: `---` has
 * a meaning of its own in YAML. Throws `Unreadable` with the reason when it must be left out.
 */
export function extract(source: string, mediaType: MediaType, uri = ""): Extracted {
  const whole = wellFormed(source);
  if (mediaType === "text/x-source-code")
    return { text: whole, blocks: sourceCodeBlocks(whole, uri), metadata: {}, warnings: [] };
  const matter = readFrontMatter(whole);
  const { roles, metadata } = matter;
  const warnings = matter.warnings.map((message) => ({ code: "front_matter_ignored", message }));
  const rest = { ...(roles ? { roles } : {}), metadata, warnings };
  const records = readRecords(whole, matter.bodyStart, mediaType);
  if (records) {
    const { title } = matter;
    const all = [...warnings, ...records.warnings];
    return { text: whole, ...(title ? { title } : {}), ...rest, blocks: records.blocks, warnings: all };
  }
  if (mediaType === "text/html") {
    const html = readHtml(whole.slice(matter.bodyStart));
    const title = matter.title ?? html.title ?? firstHeading(html.blocks);
    return { text: html.text, blocks: html.blocks, ...(title ? { title } : {}), ...rest };
  }
  const blocks =
    mediaType === "text/markdown"
      ? markdownBlocks(whole, matter.bodyStart)
      : paragraphs(whole, matter.bodyStart);
  const title = matter.title ?? firstHeading(blocks);
  return { text: whole, blocks, ...(title ? { title } : {}), ...rest };
}

function readRecords(text: string, from: number, mediaType: MediaType): Records | undefined {
  switch (mediaType) {
    case "text/csv":
      return tableRecords(text, from, false);
    case "text/tab-separated-values":
      return tableRecords(text, from, true);
    case "application/x-ndjson":
      return jsonLineRecords(text, from);
    default:
      return undefined;
  }
}

function firstHeading(blocks: readonly Block[]): string | undefined {
  for (const block of blocks) if (block.kind === "heading" && block.title !== "") return block.title;
  return undefined;
}

/** Plain text: paragraphs between blank lines. */
function paragraphs(text: string, from: number): Block[] {
  const blocks: Block[] = [];
  let start = from;
  for (const gap of text.slice(from).matchAll(/\n[ \t\r\f\v]*\n/g)) {
    const block = proseBlock(text, start, from + gap.index);
    if (block) blocks.push(block);
    start = from + gap.index + gap[0].length;
  }
  const last = proseBlock(text, start, text.length);
  if (last) blocks.push(last);
  return blocks;
}
