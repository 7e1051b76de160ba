import type { Block } from "../chunk/blocks.ts";
import { extract } from "../extract/extract.ts";
import { readFrontMatter } from "../extract/front-matter.ts";
import { markdownBlocks } from "../extract/markdown.ts";
import { collectLinks, type MarkdownLink } from "../extract/markdown-links.ts";
import { isMarkdown, type Page } from "./page.ts";

/** Blocks and links of a page, offsets into its text. */
export interface ParsedPage {
  readonly blocks: readonly Block[];
  /** Of Markdown; in order. */
  readonly links: readonly MarkdownLink[];
}

const parsed = new WeakMap<Page, ParsedPage>();

/** Parses a page once: that costs more than all checks together. It is forgotten with the page. */
export function parsePage(page: Page): ParsedPage {
  let result = parsed.get(page);
  if (!result) {
    result = isMarkdown(page) ? parseMarkdown(page.text) : { blocks: plainBlocks(page.text), links: [] };
    parsed.set(page, result);
  }
  return result;
}

function parseMarkdown(text: string): ParsedPage {
  const links: MarkdownLink[] = [];
  const blocks = markdownBlocks(text, readFrontMatter(text).bodyStart, (tree, base) =>
    collectLinks(tree, text, base, links),
  );
  return { blocks, links: links.sort((a, b) => a.start - b.start) };
}

function plainBlocks(text: string): readonly Block[] {
  try {
    return extract(text, "text/plain").blocks;
  } catch {
    // The visible text of an HTML page may begin with what would be front matter in a file.
    return [];
  }
}
