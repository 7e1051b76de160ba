/**
 * A GBNF literal that matches exactly this text, or undefined when no grammar can: llama.cpp reads a code point 0 as the
 * end of the text, and a lone surrogate has no UTF-8 form.
 *
 * All but printable ASCII is written as an escape, so the grammar is plain ASCII. Escapes as in llama.cpp's
 * `grammars/README.md` and `parse_char` of `src/llama-grammar.cpp`.
 */
export function gbnfLiteral(text: string): string | undefined {
  let literal = "";
  for (const char of text) {
    const escaped = escapeChar(char);
    if (escaped === undefined) return undefined;
    literal += escaped;
  }
  return `"${literal}"`;
}

function escapeChar(char: string): string | undefined {
  const code = char.codePointAt(0) ?? 0;
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  if (char === '"' || char === "\\") return `\\${char}`;
  if (char === "\n") return "\\n";
  if (char === "\r") return "\\r";
  if (char === "\t") return "\\t";
  if (code >= 0x20 && code < 0x7f) return char;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, "0");
}
