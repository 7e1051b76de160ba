/** Rules that any schema may use. White space is short, so that a model cannot write it for ever. */
export const COMMON_RULES: Readonly<Record<string, string>> = {
  ws: '| " " | "\\n" [ \\t]{0,20}',
  char: '[^"\\\\\\x00-\\x1F\\x7F] | "\\\\" (["\\\\/bfnrt] | "u" [0-9a-cA-Ce-fE-F] [0-9a-fA-F]{3} | "u" [dD] [0-7] [0-9a-fA-F]{2})',
  string: '"\\"" char* "\\""',
  number: '"-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?',
  integer: '"-"? ("0" | [1-9] [0-9]{0,14})',
  boolean: '"true" | "false"',
  null: '"null"',
  value: "object | array | string | number | boolean | null",
  object: '"{" ws (string ws ":" ws value ws ("," ws string ws ":" ws value ws)*)? "}"',
  array: '"[" ws (value ws ("," ws value ws)*)? "]"',
  year: "[0-9]{4}",
  date: 'year "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])',
  time: '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})?',
  zone: '"Z" | [+-] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]',
  uuid: '[0-9a-f]{8} "-" [0-9a-f]{4} "-" "4" [0-9a-f]{3} "-" [89ab] [0-9a-f]{3} "-" [0-9a-f]{12}',
};

/** Formats of JSON Schema that a grammar can follow, as expressions of the rules above. */
export const FORMATS: Readonly<Record<string, string>> = {
  date: "date",
  time: "time",
  // zod takes only "Z" unless told otherwise, and "Z" is valid everywhere.
  "date-time": 'date "T" time "Z"',
  uuid: "uuid",
};

/** A text as a GBNF literal. */
export function literal(text: string): string {
  const escaped = [...text].map((character) => {
    const code = character.codePointAt(0) as number;
    if (character === '"' || character === "\\") return `\\${character}`;
    if (code === 0x0a) return "\\n";
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
    return character;
  });
  return `"${escaped.join("")}"`;
}
