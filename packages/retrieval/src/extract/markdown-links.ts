import type { Nodes } from "mdast";

/** A link as written: `text.slice(start, end)`. */
export interface MarkdownLink {
  /** As in the text, escapes of Markdown undone: still percent-encoded. */
  readonly target: string;
  readonly kind: "link" | "wiki";
  readonly start: number;
  readonly end: number;
}

/**
 * Adds the links, images, link definitions, HTML links and wiki links of a parsed part of `text` to `links`. Code has none.
 * `base`: the offset that the tree's positions count from.
 */
export function collectLinks(node: Nodes, text: string, base: number, links: MarkdownLink[]): void {
  const start = base + (node.position?.start.offset ?? 0);
  const end = base + (node.position?.end.offset ?? 0);
  if (node.type === "link" || node.type === "image" || node.type === "definition") {
    links.push({ target: node.url, kind: "link", start, end });
  } else if (node.type === "html") {
    for (const match of text.slice(start, end).matchAll(/\b(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)) {
      const target = (match[1] ?? match[2] ?? "").replaceAll("&amp;", "&").trim();
      links.push({
        target,
        kind: "link",
        start: start + match.index,
        end: start + match.index + match[0].length,
      });
    }
  } else if (node.type === "text") {
    for (const match of text.slice(start, end).matchAll(/\[\[([^[\]|\n]{1,256})(?:\|[^[\]\n]*)?\]\]/g)) {
      const target = (match[1] as string).trim();
      links.push({
        target,
        kind: "wiki",
        start: start + match.index,
        end: start + match.index + match[0].length,
      });
    }
  }
  if ("children" in node) for (const child of node.children) collectLinks(child, text, base, links);
}
