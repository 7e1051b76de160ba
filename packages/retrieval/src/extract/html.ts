import { type DefaultTreeAdapterMap, parse } from "parse5";
import { type Block, lineBlock, proseBlock, trimSpan } from "../chunk/blocks.ts";
import { isContent, isFurniture } from "./page-furniture.ts";
import { wellFormed } from "./well-formed.ts";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

/** Limit on nested elements; what lies deeper is left out, so that a hostile page cannot exhaust the stack. */
const MAX_DEPTH = 512;

/** Elements whose content a reader does not see. */
const UNSEEN = new Set(
  "head script style template noscript svg math iframe object embed audio video canvas select datalist dialog".split(
    " ",
  ),
);
/** Elements that begin and end a line. */
const BLOCKS = new Set(
  (
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form header hgroup " +
    "html legend li main menu nav ol p section summary table tbody tfoot thead tr caption ul hr h1 h2 h3 h4 h5 h6 pre"
  ).split(" "),
);

export interface HtmlText {
  readonly text: string;
  readonly title?: string;
  readonly blocks: readonly Block[];
}

/**
 * The visible text of a page, a line for each block of it, and a blank line between blocks. Cells of a table row are
 * joined by ` | `. Scripts, styles, hidden and `aria-hidden` elements are left out, and so is what surrounds the content
 * (menus, the page's header and footer, banners about cookies), unless nothing else is there. The title is `<title>`, else
 * `<h1>`.
 */
export function readHtml(source: string): HtmlText {
  const tree = parse(source);
  const content = readTree(tree, true);
  return content.text === "" ? readTree(tree, false) : content;
}

function readTree(tree: Node, contentAlone: boolean): HtmlText {
  const writer = createWriter();
  let title: string | undefined;

  const visit = (node: Node, depth: number, around: boolean): void => {
    if (depth > MAX_DEPTH) return;
    if (node.nodeName === "#text" && "value" in node) {
      writer.inline(node.value);
      return;
    }
    if (!("childNodes" in node)) return;
    const element = "tagName" in node ? node : undefined;
    const name = element?.tagName ?? "";
    if (name === "head" && element) {
      title ??= collapse(textOf(find(element, "title")));
      return;
    }
    if (element && (UNSEEN.has(name) || isHidden(element))) return;
    if (element && contentAlone && isFurniture(element, around)) {
      writer.boundary();
      return;
    }
    const inContent = around || (element !== undefined && isContent(element));
    if (name === "br") {
      writer.newline();
      return;
    }
    const level = /^h([1-6])$/.exec(name)?.[1];
    if (level) writer.open("heading", Number(level));
    else if (name === "pre") writer.open("code");
    else if (name === "table") writer.open("table");
    else if (name === "tr") writer.row();
    else if (name === "td" || name === "th") writer.cell();
    else if (BLOCKS.has(name)) writer.boundary();
    for (const child of node.childNodes) visit(child, depth + 1, inContent);
    if (level || name === "pre" || name === "table") writer.close();
    else if (BLOCKS.has(name) && name !== "tr") writer.boundary();
  };
  visit(tree, 0, false);
  const { text, blocks } = writer.end();
  const heading = blocks.find((block) => block.kind === "heading" && block.depth === 1);
  title ||= heading?.kind === "heading" ? heading.title : undefined;
  return { text, blocks, ...(title ? { title: wellFormed(title.slice(0, 1024)) } : {}) };
}

type Kind = "prose" | "heading" | "code" | "table";

/** Gathers text into blocks and keeps count of where they lie. White space is collapsed, but for code. */
function createWriter() {
  interface Piece {
    readonly kind: Kind;
    readonly depth: number;
    readonly parts: string[];
  }
  const pieces: Piece[] = [];
  const stack: { kind: Kind; depth: number }[] = [];
  let current: Piece = { kind: "prose", depth: 0, parts: [] };
  let lineIsEmpty = true;
  let space = false;

  const flush = (kind: Kind, depth: number) => {
    if (current.parts.length > 0) pieces.push(current);
    current = { kind, depth, parts: [] };
    lineIsEmpty = true;
    space = false;
  };
  const lineBreak = () => {
    if (!lineIsEmpty || current.kind === "code") current.parts.push("\n");
    lineIsEmpty = true;
    space = false;
  };
  return {
    inline(value: string) {
      if (current.kind === "code") {
        current.parts.push(value);
        return;
      }
      const words = value.replace(/\s+/g, " ");
      const core = words.trim();
      if (words.startsWith(" ")) space = true;
      if (core === "") return;
      current.parts.push(space && !lineIsEmpty ? ` ${core}` : core);
      lineIsEmpty = false;
      space = words.endsWith(" ");
    },
    newline() {
      if (current.kind === "prose" || current.kind === "code") lineBreak();
      else space = true;
    },
    boundary() {
      if (current.kind === "prose") flush("prose", 0);
      else if (current.kind !== "code") space = true;
    },
    row() {
      if (current.kind === "table") lineBreak();
      else this.boundary();
    },
    cell() {
      if (!lineIsEmpty && current.kind === "table") current.parts.push(" | ");
      space = current.kind !== "table";
    },
    open(kind: Kind, depth = 0) {
      stack.push({ kind, depth });
      flush(kind, depth);
    },
    close() {
      stack.pop();
      const { kind, depth } = stack.at(-1) ?? { kind: "prose", depth: 0 };
      flush(kind, depth);
    },
    end(): { text: string; blocks: Block[] } {
      flush("prose", 0);
      const whole: string[] = [];
      const spans: { kind: Kind; depth: number; start: number; end: number }[] = [];
      let length = 0;
      for (const piece of pieces) {
        const body = wellFormed(
          piece.parts
            .join("")
            .trimEnd()
            .replace(/^(?:[ \t]*\n)+/, ""),
        );
        if (body === "") continue;
        if (length > 0) {
          whole.push("\n\n");
          length += 2;
        }
        whole.push(body);
        spans.push({ kind: piece.kind, depth: piece.depth, start: length, end: length + body.length });
        length += body.length;
      }
      const text = whole.join("");
      const blocks = spans.flatMap(({ kind, depth, start, end }): Block[] => {
        const block =
          kind === "heading" ? headingBlock(text, depth, start, end) : bodyBlock(kind, text, start, end);
        return block ? [block] : [];
      });
      return { text, blocks };
    },
  };
}

function headingBlock(text: string, depth: number, start: number, end: number): Block | undefined {
  const span = trimSpan(text, start, end);
  return span && { kind: "heading", depth, title: text.slice(span.start, span.end).slice(0, 1024), ...span };
}

function bodyBlock(
  kind: "prose" | "code" | "table",
  text: string,
  start: number,
  end: number,
): Block | undefined {
  return kind === "prose" ? proseBlock(text, start, end) : lineBlock(kind, text, start, end);
}

function isHidden(element: Element): boolean {
  return element.attrs.some(({ name, value }) => {
    if (name === "hidden") return true;
    if (name === "aria-hidden") return value.trim().toLowerCase() === "true";
    return name === "style" && /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(value);
  });
}

function find(element: Element, tagName: string): Element | undefined {
  return element.childNodes.find(
    (child): child is Element => "tagName" in child && child.tagName === tagName,
  );
}

function textOf(element: Element | undefined): string {
  return element?.childNodes.map((child) => ("value" in child ? child.value : "")).join("") ?? "";
}

function collapse(text: string): string | undefined {
  return text.replace(/\s+/g, " ").trim() || undefined;
}
