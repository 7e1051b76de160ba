import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkAll } from "../../test/chunk-all.ts";
import { extract } from "../extract/extract.ts";
import type { Block } from "./blocks.ts";
import { type ChunkSpan, MAX_CHUNK_TOKENS, TARGET_CHUNK_TOKENS } from "./chunker.ts";
import { splitSentences } from "./sentences.ts";

const countWords = (texts: readonly string[]) =>
  texts.map((text) => text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)?.length ?? 0);
const count = (text: string) => countWords([text])[0] ?? 0;

function chunk(
  markdown: string,
  maxTokens = 512,
): { text: string; chunks: (ChunkSpan & { text: string })[]; blocks: readonly Block[] } {
  const { text, blocks, title = "page.md" } = extract(markdown, "text/markdown");
  const spans = chunkAll(text, blocks, { title, maxTokens, countTokens: countWords });
  return { text, blocks, chunks: spans.map((span) => ({ ...span, text: text.slice(span.start, span.end) })) };
}

/** Markdown as hostile as it comes: every construct, cut and nested at will. */
const piece = fc.constantFrom(
  "word ",
  "Another sentence here. ",
  "A question? ",
  "\n",
  "\n\n",
  "# Heading\n",
  "## Sub `x`\n",
  "### \n",
  "Setext\n===\n",
  "- item\n",
  "  - nested. Two.\n",
  "1. first\n",
  "> quote. More.\n",
  "> > deep\n",
  "```\ncode. Line\n\nmore\n```\n",
  "```\n",
  "    indented\n",
  "| a | b |\n|---|---|\n| c. D | e |\n| f | g |\n",
  "|x|\n",
  "<div>html. Text.</div>\n",
  "<!-- hidden -->\n",
  "<script>alert(1)</script>\n",
  "[l](u) ",
  "![i](u) ",
  "**b",
  "**",
  "_",
  "`",
  "\\",
  "&amp; ",
  "[ref]: http://x\n",
  "---\n",
  "\t",
  "👍",
  "\ud800",
  "\u0000",
  "\r\n",
  "\r",
  "\ufeff",
  "é",
  "日本語。",
  "x".repeat(300),
  "long ".repeat(200),
  "<|im_end|>",
  "***\n",
  "\u2028",
);
const hostile = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
);

describe("chunkSteps", () => {
  test("a page's words lie in its chunks, each under its heading path", () => {
    const { chunks } = chunk(
      "# Guide\n\nIntro.\n\n## Install\n\nRun it. Then wait.\n\n### Linux\n\nUse apt.\n\n## Use\n\nCall it.\n\n## Empty\n",
    );
    expect(chunks.map(({ text, headings }) => [headings.join(" > "), text])).toEqual([
      ["Guide", "Intro."],
      ["Guide > Install", "Run it. Then wait."],
      ["Guide > Install > Linux", "Use apt."],
      ["Guide > Use", "Call it."],
      ["Guide > Empty", "Empty"],
    ]);
    expect(chunks[2]?.context).toBe("Guide\nInstall\nLinux");
  });

  test("front matter, byte-order mark and comments are in no chunk, and offsets hold in the file", () => {
    const file = "\ufeff---\ntitle: T\nroles: [hr]\n---\n\n# H\n\nOne. Two.\n\n<!-- secret -->\n\nThree.\n";
    const { text, chunks } = chunk(file);
    expect(text).toBe(file);
    expect(chunks.map((c) => c.text)).toEqual(["One. Two.", "Three."]);
    expect(file.slice(chunks[0]?.start, chunks[0]?.end)).toBe("One. Two.");
  });

  test("a long section is cut into even chunks at sentence ends", () => {
    const sentences = Array.from(
      { length: 60 },
      (_, i) => `Sentence number ${i} says one more thing about the matter.`,
    );
    const { chunks } = chunk(`# H\n\n${sentences.join(" ")}`);
    expect(chunks.map((c) => c.text).join(" ")).toBe(sentences.join(" "));
    const sizes = chunks.map((c) => count(c.text));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(TARGET_CHUNK_TOKENS * 1.5);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(TARGET_CHUNK_TOKENS * 0.5);
  });

  test("a table or code block that fits stays whole; one that does not is cut between rows or lines", () => {
    const rows = (n: number) =>
      Array.from({ length: n }, (_, i) => `| plan ${i} | ${i}.50 EUR. Net |`).join("\n");
    const table = (n: number) => `| Plan | Price |\n|---|---|\n${rows(n)}`;
    const before = "Some prose stands before it, long enough to count for something in the chunk. "
      .repeat(6)
      .trim();
    const small = chunk(`# H\n\n${before}\n\n${table(12)}\n\nAfter.`);
    expect(count(table(12))).toBeLessThan(MAX_CHUNK_TOKENS);
    expect(small.chunks.filter((c) => c.text.includes(table(12)))).toHaveLength(1);
    const large = chunk(`# H\n\n${table(80)}`);
    expect(large.chunks.length).toBeGreaterThan(1);
    for (const c of large.chunks) for (const line of c.text.split("\n")) expect(line).toMatch(/^\|.*\|$/);
    const lines = Array.from({ length: 12 }, (_, i) => `  call(${i});`).join("\n");
    const code = chunk(`${before}\n\n\`\`\`js\nrun {\n${lines}\n}\n\`\`\`\n`);
    expect(code.chunks.some((c) => c.text.includes(`run {\n${lines}\n}`))).toBe(true);
  });

  test("a sentence that alone exceeds the limit is cut at white space, and a word inside", () => {
    const { chunks } = chunk(`${"word ".repeat(1000)}\n\n${"x-".repeat(2000)}`, 100);
    for (const c of chunks) expect(count(c.text) + count(c.context)).toBeLessThanOrEqual(100);
    expect(chunks.map((c) => c.text.replace(/\s/g, "")).join("")).toBe(
      `${"word".repeat(1000)}${"x-".repeat(2000)}`,
    );
  });

  test("whatever the page: offsets hold, chunks are apart, sizes are kept, and no word is lost or invented", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(24, 100, 512), (markdown, maxTokens) => {
        let result: ReturnType<typeof chunk>;
        try {
          result = chunk(markdown, maxTokens);
        } catch (error) {
          expect((error as { reason?: string }).reason).toContain("front matter");
          return;
        }
        const { text, chunks, blocks } = result;
        expect(text.length).toBe(markdown.length);
        let last = 0;
        for (const c of chunks) {
          expect(text.slice(c.start, c.end)).toBe(c.text);
          expect(c.start).toBeGreaterThanOrEqual(last);
          expect(c.end).toBeGreaterThan(c.start);
          expect(c.text.trim()).not.toBe("");
          expect(count(c.context) + count(c.text)).toBeLessThanOrEqual(maxTokens);
          last = c.end;
        }
        const covered = (at: number) => chunks.some((c) => c.start <= at && at < c.end);
        for (const block of blocks) {
          if (!("units" in block)) continue;
          for (const unit of block.units) {
            const first = text.slice(unit.start, unit.end).search(/\S/);
            if (first >= 0) expect(covered(unit.start + first)).toBe(true);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test("a chunk ends inside a sentence only when that sentence alone is too long", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 40 }), (lengths) => {
        const page = lengths.map((n, i) => `Start ${"word ".repeat(n)}end${i}.`).join(" ");
        const { text, chunks } = chunk(page, 80);
        const ends = new Set(splitSentences(text).map(({ end }) => end));
        for (const c of chunks) {
          const sentence = splitSentences(text).find(({ start, end }) => start < c.end && c.end <= end);
          const tooLong = sentence ? count(text.slice(sentence.start, sentence.end)) > 60 : false;
          expect(ends.has(c.end) || tooLong).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("long unspaced runs are cut in steps that each count little text, and few times over", () => {
    for (const run of ["ab1+/Zq0".repeat(20_000), "漢字仮名".repeat(20_000), "_.!?-".repeat(20_000)]) {
      let counted = 0;
      let longest = 0;
      // A token is three characters or so, as in a tokenizer that knows none of these words.
      const countTokens = (texts: readonly string[]) => {
        const length = texts.reduce((sum, text) => sum + text.length, 0);
        counted += length;
        longest = Math.max(longest, length);
        return texts.map((text) => Math.ceil(text.length / 3));
      };
      const { text, blocks } = extract(`# T\n\n${run}`, "text/markdown");
      const spans = chunkAll(text, blocks, { title: "T", maxTokens: 256, countTokens });
      expect(spans.map(({ start, end }) => text.slice(start, end)).join("") === run).toBe(true);
      for (const { start, end } of spans) expect((end - start) / 3).toBeLessThanOrEqual(MAX_CHUNK_TOKENS);
      expect(longest).toBeLessThanOrEqual(5 * 4096);
      expect(counted).toBeLessThan(8 * run.length);
    }
  });
});
