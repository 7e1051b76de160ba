import type { Nodes, Parents, Table } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmTableFromMarkdown } from "mdast-util-gfm-table";
import { gfmTable } from "micromark-extension-gfm-table";
import { type Block, lineBlock, proseBlock, trimSpan } from "../chunk/blocks.ts";
import { withoutEmbeddedData } from "./embedded-data.ts";
import { wellFormed } from "./well-formed.ts";

/** Limit on nested quotes and lists. Deeper pages are text art or an attack on the parser, and are read as prose. */
const MAX_DEPTH = 64;

/**
 * The blocks of Markdown (CommonMark and GitHub's tables) in `text` from `from` on. Offsets are into `text`. `onTree` sees
 * each parsed part and the offset that its positions count from, so that who wants more than blocks need not parse again.
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
    if (source !== "") {
      const tree = fromMarkdown(source, {
        extensions: [gfmTable()],
        mdastExtensions: [gfmTableFromMarkdown()],
      });
      walk(tree, undefined, { text, base: part.start, push });
      onTree?.(tree, part.start);
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
      const span = trimSpan(text, at.base + (node.position?.start.offset ?? 0), end);
      const title = wellFormed(plainText(node).replace(/\s+/g, " ").trim().slice(0, 1024));
      if (span)
        push({ kind: "heading", depth: node.depth, title, ...headingSpan(text, span.start, span.end) });
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

function tooDeep(source: string): boolean {
  for (const match of source.matchAll(/^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)]))+/gm)) {
    if (
      (match[0].match(/[>*+.)-]/g)?.length ?? 0) > MAX_DEPTH &&
      !/^[ \t]*([*-])(?:[ \t]*\1)+$/.test(match[0])
    )
      return true;
  }
  return false;
}
