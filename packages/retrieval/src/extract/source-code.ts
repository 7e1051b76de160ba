import { extname } from "node:path";
import { type Block, lineBlock } from "../chunk/blocks.ts";
import { wellFormed } from "./well-formed.ts";

/** How a language family writes a declaration at the left margin; the first group that matched is its name. */
const DECLARATIONS = {
  script:
    /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|interface|type|enum|namespace|const|let|var)\s+([\w$]+)/,
  python: /^(?:async\s+)?(?:def|class)\s+(\w+)/,
  ruby: /^(?:def|class|module)\s+([\w.:?!=]+)/,
  go: /^(?:func\s+(?:\([^)]*\)\s*)?(\w+)|(?:type|var|const)\s+(\w+))/,
  rust: /^(?:pub(?:\([^)]*\))?\s+)?(?:(?:async|const|unsafe|extern(?:\s+"[^"]*")?)\s+)*(?:(?:fn|struct|enum|trait|mod|type|union|static|const)\s+(\w+)|impl(?:<[^>]*>)?\s+([\w:<>, ]+?)\s*(?:\{|where|$)|macro_rules!\s*(\w+))/,
  java: /^(?:(?:public|protected|private|internal|static|final|abstract|sealed|partial|data|open|override|readonly)\s+)*(?:class|interface|enum|record|struct|namespace|object|fun|@interface)\s+([\w.]+)/,
  c: /^(?:#define\s+(\w+)|(?:typedef\s+)?(?:struct|union|enum|class|namespace)\s+(\w+)|(?:[A-Za-z_][\w:<>,]*[\s*&]+)+([\w:~]+)\s*\([^;]*$)/,
  php: /^(?:(?:abstract|final)\s+)?(?:function|class|interface|trait|enum|namespace)\s+([\w\\]+)/,
  shell: /^(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\)\s*\{?)/,
  sql: /^(?:create\s+(?:or\s+replace\s+)?(?:(?:unique|temporary|temp|materialized)\s+)*(?:table|view|index|function|procedure|trigger|type|schema)\s+(?:if\s+not\s+exists\s+)?|alter\s+table\s+|insert\s+into\s+)([\w."`[\]]+)/i,
  yaml: /^["']?([\w./-][\w ./-]*?)["']?\s*:(?:\s|$)/,
  toml: /^\[{1,2}([^\]\n]+)\]/,
  json: /^(?: {2}|\t)"([^"\n]+)"\s*:/,
  style: /^([.#@\w][^{;\n]*?)\s*\{/,
} as const;
type Family = keyof typeof DECLARATIONS;

/** Endings of source files that are read, with the family whose declarations give the headings. */
export const SOURCE_CODE_ENDINGS: Readonly<Record<string, Family>> = {
  ".ts": "script",
  ".tsx": "script",
  ".mts": "script",
  ".cts": "script",
  ".js": "script",
  ".jsx": "script",
  ".mjs": "script",
  ".cjs": "script",
  ".py": "python",
  ".pyi": "python",
  ".rb": "ruby",
  ".go": "go",
  ".rs": "rust",
  ".java": "java",
  ".kt": "java",
  ".cs": "java",
  ".swift": "java",
  ".scala": "java",
  ".c": "c",
  ".h": "c",
  ".cc": "c",
  ".cpp": "c",
  ".hpp": "c",
  ".php": "php",
  ".sh": "shell",
  ".bash": "shell",
  ".zsh": "shell",
  ".sql": "sql",
  ".yaml": "yaml",
  ".yml": "yaml",
  ".toml": "toml",
  ".ini": "toml",
  ".json": "json",
  ".css": "style",
  ".scss": "style",
};

/** What a comment, a decorator or an attribute above a declaration begins with: it belongs to what follows. */
const LEAD = /^(?:\/\/|\/\*| \*|\*\/|#(?!define|include|if|endif|else)|--|@|\[|"""|template\b)/;
/** No declaration's name is searched beyond this, so that a line of a megabyte costs no more than another. */
const MAX_DECLARATION_LENGTH = 200;
/** Neighbouring declarations are gathered up to this many UTF-16 units, about a chunk's aim, under all their names. */
const PACK_LENGTH = 360;
const MAX_NAMES_LENGTH = 160;

interface Section {
  readonly names: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * The blocks of a source file: top-level declarations with the comments above them are sections, headed by their names;
 * inside, paragraphs between blank lines are blocks, and lines their units. Small neighbours share a section.
 */
export function sourceCodeBlocks(text: string, uri: string): Block[] {
  const family = SOURCE_CODE_ENDINGS[extname(uri).toLowerCase()];
  const blocks: Block[] = [];
  const pattern = family === "json" ? outermostKeys(text) : family && DECLARATIONS[family];
  for (const { names, start, end } of gathered(declared(text, pattern))) {
    const title = wellFormed(names.join(", ").slice(0, MAX_NAMES_LENGTH));
    if (title === "") blocks.push({ kind: "break" });
    else blocks.push({ kind: "heading", depth: 1, title, start, end: start });
    let from = start;
    for (const gap of text.slice(start, end).matchAll(/\n[ \t\r\f\v]*\n/g)) {
      const block = lineBlock("code", text, from, start + gap.index);
      if (block) blocks.push(block);
      from = start + gap.index + gap[0].length;
    }
    const last = lineBlock("code", text, from, end);
    if (last) blocks.push(last);
  }
  return blocks;
}

/** JSON has no left margin: the keys that are indented as the first one is are the outermost. */
function outermostKeys(text: string): RegExp {
  const indent = /^[ \t]{1,8}(?=")/m.exec(text.slice(0, 64 * 1024))?.[0];
  return indent ? new RegExp(`^${indent}"([^"\\n]+)"\\s*:`) : DECLARATIONS.json;
}

/** The text in pieces that each begin at a declaration, or at the comment right above it. */
function* declared(text: string, pattern: RegExp | undefined): Generator<Section> {
  const begin = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let start = begin;
  let name: string | undefined;
  /** Where the comment lines right above the current line begin. */
  let lead: number | undefined;
  let line = begin;
  while (line < text.length) {
    const newline = text.indexOf("\n", line);
    const next = newline < 0 ? text.length : newline + 1;
    const head = text.slice(line, Math.min(next, line + MAX_DECLARATION_LENGTH)).trimEnd();
    const found = pattern?.exec(head);
    if (found) {
      const at = lead ?? line;
      if (at > start) yield { names: name ? [name] : [], start, end: at };
      start = at;
      name = found
        .slice(1)
        .find((group) => group !== undefined)
        ?.trim();
      lead = undefined;
    } else if (LEAD.test(head)) lead ??= line;
    else lead = undefined;
    line = next;
  }
  if (start < text.length) yield { names: name ? [name] : [], start, end: text.length };
}

function* gathered(sections: Iterable<Section>): Generator<Section> {
  let last: Section | undefined;
  for (const section of sections) {
    // What stands before the first declaration (imports, a licence) keeps a section of its own.
    if (last && last.names.length > 0 && section.end - last.start <= PACK_LENGTH)
      last = { names: [...last.names, ...section.names], start: last.start, end: section.end };
    else {
      if (last) yield last;
      last = section;
    }
  }
  if (last) yield last;
}
