import type { Nodes, Parents, Root, Table } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmTableFromMarkdown } from "mdast-util-gfm-table";
import { gfmTable } from "micromark-extension-gfm-table";
import { type Block, lineBlock, proseBlock, trimSpan } from "../chunk/blocks.ts";
import { withoutEmbeddedData } from "./embedded-data.ts";
import { markdownPieces, type Piece } from "./markdown-pieces.ts";
import { wellFormed } from "./well-formed.ts";

/** Limit on nested quotes and lists. Deeper pages are text art or an attack on the parser, and are read as prose. */
const MAX_DEPTH = 64;

/** Constructs inside a paragraph: no block's limits depend on them, and they take most of the parser's time. */
const INLINE_CONSTRUCTS = [
  "attention",
  "autolink",
  "characterEscape",
  "characterReference",
  "codeText",
  "hardBreakEscape",
  "htmlText",
  "labelEnd",
  "labelStartImage",
  "labelStartLink",
];
/** Characters that may mean something inside a heading. */
const INLINE_MARKS = /[\\`*_[\]<&!\0]/;
/** A line that underlines a heading, and one that begins with a heading's mark and has a bracket. */
const UNDERLINE = /^[ \t>]*(?:=+|-+)[ \t]*\r?$/m;
const BRACKET_IN_HEADING = /^[ \t>*+\-\d.)]*#{1,6}[ \t].*\[/m;

/**
 * The blocks of Markdown (CommonMark and GitHub's tables) in `text` from `from` on. Offsets are into `text`. `onTree` sees
 * each parsed part and the offset that its positions count from, so that who wants more than blocks need not parse again.
 * Without it only what {@link markdownPieces} leaves in doubt is parsed, for its blocks alone: the blocks are the same.
 */
export function markdownBlocks(
  text: string,
  from: number,
  onTree?: (tree: Nodes, base: number) => void,
): Block[] {
  const blocks: Block[] = [];
  const push = (block: Block | undefined) => {
    if (block) blocks.push(block);
  };
  for (const part of parts(text, from)) {
    const whole = text.slice(part.start, part.end);
    const plain = tooDeep(whole) || markedThroughout(whole);
    // Of a part that is read as prose, the heading that it begins with is still one.
    const source = plain ? (/^#{1,6}[ \t][^\n]{0,1024}\n/.exec(whole)?.[0] ?? "") : whole;
    const at = { text, base: part.start, push };
    if (source !== "") {
      if (onTree || needsWholeTree(source)) {
        const tree = parse(source, true);
        walk(tree, undefined, at);
        onTree?.(tree, part.start);
      } else {
        for (const piece of markdownPieces(text, part.start, part.start + source.length))
          pushPiece(piece, at);
      }
    }
    if (!plain) continue;
    const base = part.start + source.length;
    for (const paragraph of whole.slice(source.length).matchAll(/\S(?:(?!\n[ \t\r]*\n)[\s\S])*/g)) {
      const start = base + paragraph.index;
      push(proseBlock(text, start, start + paragraph[0].length));
    }
  }
  return blocks;
}

/**
 * A heading's words hang on definitions elsewhere, lines end in a lone carriage return, or a byte-order mark stands inside,
 * which the parser drops at the start of what it is given.
 */
function needsWholeTree(source: string): boolean {
  if (/\r(?!\n)|\ufeff/.test(source)) return true;
  return source.includes("]:") && (BRACKET_IN_HEADING.test(source) || UNDERLINE.test(source));
}

function parse(source: string, inline: boolean): Root {
  const blocksOnly = inline ? [] : [{ disable: { null: INLINE_CONSTRUCTS } }];
  return fromMarkdown(source, {
    extensions: [gfmTable(), ...blocksOnly],
    mdastExtensions: [gfmTableFromMarkdown()],
  });
}

function pushPiece({ kind, start, end }: Piece, at: Walk): void {
  const { text, push } = at;
  const source = text.slice(start, end);
  if (kind === "prose") pushProse(at, start, end);
  else if (kind === "code") push(lineBlock("code", text, start, end));
  else if (kind === "heading" && !INLINE_MARKS.test(source)) {
    const [, marks = "", words = ""] = /^(#+)(.*?)(?:[ \t]#+)?[ \t]*$/.exec(source) ?? [];
    push(headingBlock(marks.length, words, at, start, end));
  } else {
    const tree = parse(source, kind === "heading");
    const marked = kind === "markdown" && holdsMarkedHeading(tree, source);
    walk(marked ? parse(source, true) : tree, undefined, { ...at, base: start });
  }
}

function holdsMarkedHeading(node: Nodes, source: string): boolean {
  if (node.type === "heading") {
    const words = source.slice(node.position?.start.offset, node.position?.end.offset);
    return INLINE_MARKS.test(words);
  }
  return "children" in node && node.children.some((child) => holdsMarkedHeading(child, source));
}

interface Walk {
  readonly text: string;
  /** Offset of the parsed part in the text. */
  readonly base: number;
  readonly push: (block: Block | undefined) => void;
}

/** `lead`: where the list item or quote around the node begins, so that its first block keeps the marker. */
function walk(node: Nodes, lead: number | undefined, at: Walk): void {
  const start = lead ?? at.base + (node.position?.start.offset ?? 0);
  const end = at.base + (node.position?.end.offset ?? 0);
  const { text, push } = at;
  switch (node.type) {
    case "heading": {
      const from = at.base + (node.position?.start.offset ?? 0);
      push(headingBlock(node.depth, plainText(node), at, from, end));
      return;
    }
    case "table":
      push(tableBlock(node, at));
      return;
    case "code":
      push(lineBlock("code", text, start, end));
      return;
    case "html":
      if (/^(?:<!--[\s\S]*-->\s*|<(?:script|style|template)\b[\s\S]*)$/i.test(node.value.trim()))
        push({ kind: "break" });
      else pushProse(at, start, end);
      return;
    case "thematicBreak":
    case "definition":
      return;
    case "root":
    case "blockquote":
    case "list":
    case "listItem": {
      let first = node.type === "root" ? undefined : start;
      for (const child of node.children) {
        walk(child, first, at);
        first = undefined;
      }
      return;
    }
    default:
      pushProse(at, start, end);
  }
}

function pushProse({ text, push }: Walk, start: number, end: number): void {
  for (const span of withoutEmbeddedData(text, start, end)) {
    push(proseBlock(text, span.start, span.end));
    if (span.after) push({ kind: "break" });
  }
}

/** A row is a unit; the header row takes the delimiter row with it. */
function tableBlock(node: Table, at: Walk): Block | undefined {
  const rows = node.children.map((row) => at.base + (row.position?.start.offset ?? 0));
  const end = at.base + (node.position?.end.offset ?? 0);
  const units = rows.flatMap((start, i) => trimSpan(at.text, start, rows[i + 1] ?? end) ?? []);
  return units.length > 0 ? { kind: "table", units } : undefined;
}

function headingBlock(depth: number, words: string, { text }: Walk, start: number, end: number) {
  const span = trimSpan(text, start, end);
  if (!span) return undefined;
  const title = wellFormed(words.replace(/\s+/g, " ").trim().slice(0, 1024));
  return { kind: "heading" as const, depth, title, ...headingSpan(text, span.start, span.end) };
}

/** A heading's own words in the text, without `#` marks or the line under it. */
function headingSpan(text: string, start: number, end: number): { start: number; end: number } {
  const raw = text.slice(start, end);
  const open = /^#{1,6}[ \t]*/.exec(raw)?.[0].length ?? 0;
  const close = open > 0 ? /[ \t]+#+[ \t]*$/.exec(raw) : /\r?\n[ \t>]*[-=]+[ \t]*$/.exec(raw);
  return { start: start + open, end: Math.max(start + open, end - (close?.[0].length ?? 0)) };
}

function plainText(node: Nodes): string {
  if ("value" in node && node.type !== "html") return node.value;
  if ("alt" in node && node.alt) return node.alt;
  if (node.type === "break") return " ";
  return "children" in node ? (node as Parents).children.map(plainText).join("") : "";
}

/**
 * The page in parts that begin at top-level headings outside code fences, so that a long page is never one tree and a
 * hostile stretch slows only its own part.
 */
function* parts(text: string, from: number): Generator<{ start: number; end: number }> {
  let start = from;
  let fence: string | undefined;
  let line = from;
  while (line < text.length) {
    const newline = text.indexOf("\n", line);
    const next = newline < 0 ? text.length : newline + 1;
    const head = text.slice(line, Math.min(next, line + 128));
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(head)?.[1];
    if (fence) {
      if (mark?.startsWith(fence) && head.trim() === mark) fence = undefined;
    } else if (mark) fence = mark;
    else if (line > start && /^#{1,6}[ \t]/.test(head)) {
      yield { start, end: line };
      start = line;
    }
    line = next;
  }
  if (start < text.length) yield { start, end: text.length };
}

/** Shortest run without white space that is judged, and the share of marks from which on it is none that a person wrote. */
const LONG_RUN = 1_024;
const MAX_MARKS = 0.05;

/** Whether the part holds a long run of Markdown's marks: each may pair with any other, which takes the parser seconds. */
function markedThroughout(source: string): boolean {
  for (const [run] of source.matchAll(new RegExp(`\\S{${LONG_RUN},}`, "g"))) {
    const marks = run.match(/[*_[\]!<>&`~\\]/g)?.length ?? 0;
    if (marks > run.length * MAX_MARKS) return true;
  }
  return false;
}

/** Whether quotes and lists nest too deep: in one line, or from line to line by their indentation. */
function tooDeep(source: string): boolean {
  // Columns of the list marks that may still be open, each further right than the one before.
  const open: number[] = [];
  for (const match of source.matchAll(/^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)]))+/gm)) {
    const [marks] = match;
    const after = match.index + marks.length;
    if (/^[ \t]*([*-])(?:[ \t]*\1)+$/.test(marks) && /^\s*$/.test(source.slice(after, after + 2))) continue;
    if ((marks.match(/[>*+.)-]/g)?.length ?? 0) > MAX_DEPTH) return true;
    let column = 0;
    for (let i = 0; i < marks.length; i++) {
      const sign = marks[i] ?? "";
      const next = source[match.index + i + 1] ?? "\n";
      if (/[*+.)-]/.test(sign) && /\s/.test(next)) {
        while ((open.at(-1) ?? -1) >= column) open.pop();
        if (open.push(column) > MAX_DEPTH) return true;
      }
      column = sign === "\t" ? column + 4 - (column % 4) : column + 1;
    }
  }
  return false;
}
