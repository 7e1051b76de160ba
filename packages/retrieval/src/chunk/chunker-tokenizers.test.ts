import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkAll } from "../../test/chunk-all.ts";
import { estimateTokens } from "../embed/estimate-tokens.ts";
import { extract } from "../extract/extract.ts";
import { textOf } from "./chunker.ts";

/** Byte-level BPE, as GPT-2 has it: words take the space before them, and pairs of bytes are joined in the order of their rank. */
function byteLevelBpe(merges: readonly string[]): (text: string) => number {
  const ranks = new Map(merges.map((pair, rank) => [pair, rank]));
  const pretoken = /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
  const countOne = (word: string): number => {
    const parts = [...Buffer.from(word)].map((byte) => String.fromCharCode(byte));
    for (;;) {
      let best = -1;
      let bestRank = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Number.POSITIVE_INFINITY;
        if (rank < bestRank) [best, bestRank] = [i, rank];
      }
      if (best < 0) return parts.length;
      parts.splice(best, 2, `${parts[best]}${parts[best + 1]}`);
    }
  };
  return (text) => (text.match(pretoken) ?? []).reduce((sum, word) => sum + countOne(word), 0);
}

/** SentencePiece's unigram model: the cheapest way to cut the text, after NFKC, with a mark for each space and bytes for what is unknown. */
function unigram(costs: Readonly<Record<string, number>>): (text: string) => number {
  const longest = Math.max(...Object.keys(costs).map((piece) => piece.length));
  const unknown = 30;
  return (text) => {
    const marked = `▁${text.normalize("NFKC").replace(/\s/g, "▁")}`;
    const best = [{ cost: 0, tokens: 0 }];
    for (let end = 1; end <= marked.length; end++) {
      const sign = marked.slice(end - 1, end);
      const before = best[end - 1] as (typeof best)[number];
      let least = { cost: before.cost + unknown, tokens: before.tokens + Buffer.byteLength(sign) };
      for (let from = Math.max(0, end - longest); from < end; from++) {
        const cost = costs[marked.slice(from, end)];
        const { cost: sum, tokens } = best[from] as (typeof best)[number];
        if (cost !== undefined && sum + cost < least.cost) least = { cost: sum + cost, tokens: tokens + 1 };
      }
      best.push(least);
    }
    return (best.at(-1) as (typeof best)[number]).tokens;
  };
}

const ENGLISH =
  "t h,h e,th e,Ġ t,i n,in g,e r,a n,an d,o n,s t,l o,c k,lo ck,v a,l v,va lv,valv e,p a,pa ge".split(",");
const tokenizers: Readonly<Record<string, (text: string) => number>> = {
  "byte-level BPE": byteLevelBpe(ENGLISH.map((pair) => pair.replace("Ġ", " "))),
  "byte-level BPE without a merge": (text) => Buffer.byteLength(text),
  "unigram pieces": unigram({
    ...{
      "▁": 3,
      "▁the": 4,
      the: 6,
      "▁valve": 7,
      valve: 9,
      s: 5,
      "e.": 4,
      ".▁": 2,
      "▁s": 4,
      "123": 4,
      "23": 5,
      "34": 3,
    },
    ...{ "1": 5, "2": 5, "3": 5, "4": 5, "。": 4, 漢字: 6, "字。": 5, "字。漢": 3, 漢: 9, 字: 9 },
  }),
  // Each word by itself, signs and CJK characters apart: WordPiece, whose words longer than 100 are one unknown.
  "word pieces": (text) =>
    (text.normalize("NFD").match(/[A-Za-z0-9]+|[^\sA-Za-z0-9]/gu) ?? []).reduce(
      (sum, word) => sum + (word.length > 100 ? 1 : Math.ceil(word.length / 3)),
      0,
    ),
  "an estimate": estimateTokens,
  // No tokenizer does this; it is what joining units costs at worst.
  "a hundred tokens at each seam": (text) =>
    Math.ceil(text.length / 8) + 100 * (text.split(/[.。]\s*\p{Lu}/u).length - 1),
  "more tokens behind a context": (text) =>
    Math.ceil(text.length / 4) + (text.includes("\n") ? Math.ceil(text.length / 16) : 0),
};

const piece = fc.constantFrom(
  "The valve opens. ",
  "Then the valve of the page closes. ",
  "漢字。",
  "漢字漢字仮名。漢字",
  "日本語の文章です。",
  "1234123412341234 ",
  "98,765.4321 ",
  "👩‍👩‍👧‍👦",
  "🏳️‍🌈🏳️‍🌈🏳️‍🌈",
  // One sign that NFKC makes eighteen of.
  "ﷺ",
  "ﷺﷺﷺ. ",
  "e\u0301e\u0301 ",
  "İstanbul ",
  "**bold** ",
  "\n\n",
  "- item. Two.\n",
  "| a | b |\n|---|---|\n| ﷺ. D | 漢字 |\n",
  "http://a.b/c?d=e#f ",
  "x".repeat(300),
  "漢".repeat(150),
  "👍".repeat(80),
  "7".repeat(200),
  "Ümläut. ".repeat(60),
  "# Heading of 漢字\n\n",
);
const page = fc.array(piece, { minLength: 1, maxLength: 30 }).map((pieces) => pieces.join(""));

describe("whatever the tokenizer, what is embedded of a chunk is no longer than the embedder sees, and no word is lost", () => {
  for (const [name, count] of Object.entries(tokenizers)) {
    test(name, () => {
      fc.assert(
        fc.property(page, fc.constantFrom(8, 64, 128, 512), (markdown, maxTokens) => {
          const { text, blocks, title = "A page" } = extract(markdown, "text/markdown");
          const countTokens = (texts: readonly string[]) => texts.map(count);
          const chunks = chunkAll(text, blocks, { title, maxTokens, countTokens });
          let last = 0;
          for (const { start, end, context } of chunks) {
            const own = text.slice(start, end);
            expect(start).toBeGreaterThanOrEqual(last);
            expect(own.trim()).not.toBe("");
            last = end;
            // A single sign cannot be cut.
            if ([...own].length > 1) expect(count(textOf(context, own))).toBeLessThanOrEqual(maxTokens);
          }
          const covered = (at: number) => chunks.some((chunk) => chunk.start <= at && at < chunk.end);
          for (const block of blocks) {
            if (!("units" in block)) continue;
            for (const { start, end } of block.units) {
              for (let at = start; at < end; at++) if (text.charAt(at).trim()) expect(covered(at)).toBe(true);
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  }
});
