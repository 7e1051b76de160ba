import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkAll } from "../../test/chunk-all.ts";
import { extract } from "./extract.ts";
import { SOURCE_CODE_ENDINGS } from "./source-code.ts";

const headings = (source: string, uri: string) =>
  extract(source, "text/x-source-code", uri).blocks.flatMap((block) =>
    block.kind === "heading" ? [block.title] : [],
  );
const body = (length: number) => `${"  step();\n".repeat(length)}`;

describe("source code", () => {
  test.each([
    [
      "a.ts",
      `import x from "y";\n\n/** Says it. */\nexport async function say() {\n${body(50)}}\n\nexport class Loud {\n${body(50)}}\nconst LIMIT = 3;\n`,
      ["say", "Loud", "LIMIT"],
    ],
    ["a.py", `import os\n\n@cached\ndef say(word):\n${body(50)}\nclass Loud:\n${body(50)}`, ["say", "Loud"]],
    [
      "a.go",
      `package main\n\nfunc (s *Server) Say(w string) {\n${body(50)}}\n\ntype Loud struct {\n${body(50)}}\n`,
      ["Say", "Loud"],
    ],
    [
      "a.rs",
      `use std::io;\n\n#[test]\npub(crate) async fn say() {\n${body(50)}}\n\nimpl<T> Loud for Voice<T> {\n${body(50)}}\n`,
      ["say", "Loud for Voice<T>"],
    ],
    [
      "A.java",
      `package a;\n\npublic final class Loud {\n${body(50)}}\n\ninterface Say {\n${body(50)}}\n`,
      ["Loud", "Say"],
    ],
    [
      "a.c",
      `#include <x.h>\n\nstatic const char *say(int a,\n    int b) {\n${body(50)}}\n\nstruct loud {\n${body(50)}};\n`,
      ["say", "loud"],
    ],
    ["a.rb", `require "x"\n\nclass Loud\n${body(50)}end\n\ndef say?\n${body(50)}end\n`, ["Loud", "say?"]],
    ["a.sh", `set -e\n\nsay() {\n${body(50)}}\nfunction loud {\n${body(50)}}\n`, ["say", "loud"]],
    [
      "a.sql",
      `-- head\nCREATE TABLE IF NOT EXISTS "voices" (\n${body(50)});\n\ncreate unique index by_name on x;\n`,
      ['"voices"', "by_name"],
    ],
    ["a.yaml", `---\nname: x\nroles: [hr]\njobs:\n${body(50)}`, ["name, roles", "jobs"]],
    ["a.toml", `a = 1\n\n[server]\n${body(50)}\n[[list]]\n${body(50)}`, ["server", "list"]],
    [
      "a.json",
      `{\n    "name": "x",\n    "deep": {\n        "inner": 1\n    },\n    "scripts": {\n${body(50)}    }\n}\n`,
      ["name, deep", "scripts"],
    ],
  ])("%s is headed by what it declares", (uri, source, names) => {
    expect(headings(source, uri)).toEqual(names);
  });

  test("the comment above a declaration goes with it, and the text is the file as written", () => {
    const source = `import a from "b";\n\n// Adds a day's leave.\n// Twice.\nexport function add() {\n${body(60)}}\n`;
    const { text, blocks, roles } = extract(source, "text/x-source-code", "x.ts");
    expect(text).toBe(source);
    expect(roles).toBeUndefined();
    const chunks = chunkAll(text, blocks, {
      title: "x.ts",
      maxTokens: 240,
      countTokens: (texts) => texts.map((piece) => Math.ceil(piece.length / 4)),
    });
    expect(chunks[0]).toMatchObject({ headings: [] });
    expect(text.slice(chunks[0]?.start, chunks[0]?.end)).toBe('import a from "b";');
    expect(chunks[1]?.headings).toEqual(["add"]);
    expect(text.slice(chunks[1]?.start).startsWith("// Adds")).toBe(true);
  });

  test("small neighbours share a passage under all their names", () => {
    expect(headings("const a = 1;\nconst b = 2;\nfunction c() {}\n", "x.js")).toEqual(["a, b, c"]);
  });

  test("what looks like front matter is none, a rule in it has no effect", () => {
    expect(extract("---\nroles: [hr]\n", "text/x-source-code", "x.yml")).toMatchObject({ warnings: [] });
  });

  test("any text keeps every line that is not blank, in order; hostile lines take bounded time", () => {
    const piece = fc.constantFrom(
      "function a() {",
      "class B",
      "\n",
      "\n\n",
      "  x",
      "// c",
      "}",
      '  "k": 1',
      "@d",
      "é😀",
    );
    const ending = fc.constantFrom(...Object.keys(SOURCE_CODE_ENDINGS), ".zig");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), ending, (pieces, end) => {
        const { text, blocks } = extract(pieces.join(""), "text/x-source-code", `x${end}`);
        const kept = blocks.flatMap((block) => ("units" in block ? block.units : []));
        expect(kept.map((unit) => text.slice(unit.start, unit.end).trim())).toEqual(
          text
            .split("\n")
            .map((line) => line.trim())
            .filter((line) => line !== ""),
        );
      }),
      { numRuns: 400 },
    );
    const lines = [
      "a*".repeat(100),
      "a ".repeat(100),
      "a".repeat(200),
      " ".repeat(200),
      "impl a , a, ".repeat(16),
      "<".repeat(200),
    ];
    for (const ending of Object.keys(SOURCE_CODE_ENDINGS)) {
      const before = performance.now();
      extract(lines.flatMap((line) => Array(300).fill(line)).join("\n"), "text/x-source-code", `x${ending}`);
      expect(performance.now() - before).toBeLessThan(4000);
    }
  }, 60_000);
});
