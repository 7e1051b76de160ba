import { readFileSync } from "node:fs";
import type { Passage, Verdict } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { passage } from "../../test/passage.ts";
import { checkCitations } from "./citations.ts";

interface LabelledClaims {
  readonly passages: readonly { uri: string; title: string; headings: string[]; text: string }[];
  readonly claims: readonly { kind: string; verdict: Verdict; n: number; claim: string }[];
}

const readClaims = (name: string): LabelledClaims =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8"));
const check = (text: string, passages: readonly Passage[]) => checkCitations({ text, passages });
const [first, second] = [
  passage("Leave is 25 days a year. It must be **taken** by\n31 March. Nobody may sell it.", 0, {
    title: "Leave",
  }),
  passage("The Orbit X1 weighs 410 g. Its battery lasts 12 hours.", 1, { title: "Orbit X1" }),
];
const sources = [first, second] as const;

describe("checkCitations", () => {
  test("a citation names the page, rows or lines of its passage, and nothing where there is none", () => {
    const place = { unit: "page", first: 3, last: 3 } as const;
    const cited = check("It must be taken by 31 March [1]. The Orbit X1 weighs 410 g [2].", [
      { ...first, place },
      second,
    ]);
    expect(cited.map((citation) => citation.place)).toEqual([place, undefined]);
    expect(cited[1]).not.toHaveProperty("place");
    const places = [0, 30, 59].map(
      (at, i) => ({ unit: "page", first: i + 2, last: i + 2, start: first.start + at }) as const,
    );
    const wide = { ...first, place: { unit: "page", first: 2, last: 4 } as const, places };
    const [quote] = check("It must be taken by 31 March [1].", [wide, second]);
    expect(quote?.quote).toContain("31 March");
    expect(quote?.place).toEqual({ unit: "page", first: 2, last: 3 });
    expect(check("Nobody may sell it [1].", [wide, second])[0]?.place).toEqual({
      unit: "page",
      first: 4,
      last: 4,
    });
  });

  test("finds a claim's sentence with its offsets, markup and line breaks aside", () => {
    const [citation, ...rest] = check("It must be taken by 31 March [1].", sources);
    expect(rest).toEqual([]);
    expect(citation).toMatchObject({
      n: 1,
      claim: "It must be taken by 31 March",
      verdict: "verified",
      quote: "It must be **taken** by\n31 March.",
      passageId: "chunk-0",
      documentId: "document-0",
      uri: "page-0.md",
      title: "Leave",
      version: "1",
    });
    expect(first.text.slice((citation?.start ?? 0) - first.start, (citation?.end ?? 0) - first.start)).toBe(
      citation?.quote,
    );
  });

  test.each([
    ["Leave is 25 days a year. [1]", [[1, "Leave is 25 days a year.", "verified"]]],
    [
      "Leave is 25 days a year.[1] Its battery lasts 12 hours.[2]",
      [
        [1, "Leave is 25 days a year.", "verified"],
        [2, "Its battery lasts 12 hours.", "verified"],
      ],
    ],
    [
      "Leave is 25 days a year. [1] Its battery lasts 12 hours. [2]",
      [
        [1, "Leave is 25 days a year.", "verified"],
        [2, "Its battery lasts 12 hours.", "verified"],
      ],
    ],
    [
      "Leave is 25 days a year [1] and the Orbit X1 weighs 410 g [2].",
      [
        [1, "Leave is 25 days a year", "verified"],
        [2, "and the Orbit X1 weighs 410 g", "verified"],
      ],
    ],
    [
      "The Orbit X1 weighs 410 g [1][2].",
      [
        [1, "The Orbit X1 weighs 410 g", "misattributed"],
        [2, "The Orbit X1 weighs 410 g", "verified"],
      ],
    ],
    [
      "The Orbit X1 weighs 410 g [ 1, 2 ].",
      [
        [1, "The Orbit X1 weighs 410 g", "misattributed"],
        [2, "The Orbit X1 weighs 410 g", "verified"],
      ],
    ],
    [
      "According to [2], the Orbit X1 weighs 410 g.",
      [[2, "According to, the Orbit X1 weighs 410 g.", "verified"]],
    ],
    ["[2] The Orbit X1 weighs 410 g.", [[2, "The Orbit X1 weighs 410 g.", "verified"]]],
    ["The Orbit X1 weighs 410 g [3].", [[3, "The Orbit X1 weighs 410 g", "fabricated"]]],
    ["The Orbit X1 weighs 410 g [0].", [[0, "The Orbit X1 weighs 410 g", "fabricated"]]],
    [
      "- Leave is 25 days a year [1]\n- The Orbit X1 weighs 410 g [2]",
      [
        [1, "Leave is 25 days a year", "verified"],
        [2, "The Orbit X1 weighs 410 g", "verified"],
      ],
    ],
    ["No mark here. See [the page](1) and [1](page.md), `list[1]` and [^1] and [a].", []],
    ["", []],
    ["[1]", [[1, "", "fabricated"]]],
  ])("%j", (text, expected) => {
    expect(check(text, sources).map(({ n, claim, verdict }) => [n, claim, verdict])).toEqual(expected);
  });

  test("a number that names no passage is fabricated without one; any other fabrication names the cited one", () => {
    expect(check("The Orbit X1 weighs 410 g [7].", sources)).toEqual([
      { n: 7, claim: "The Orbit X1 weighs 410 g", quote: "", verdict: "fabricated" },
    ]);
    const [citation] = check("Parking is free for guests [2].", sources);
    expect(citation).toMatchObject({ verdict: "fabricated", passageId: "chunk-1", quote: "" });
    expect(citation).not.toHaveProperty("start");
  });

  test("a misattributed claim is quoted from the passage that says it", () => {
    const [citation] = check("Leave is 25 days a year [2].", sources);
    expect(citation).toMatchObject({ n: 2, verdict: "misattributed", passageId: "chunk-0", start: 17 });
  });

  // Four fifths: the checker goes by words, and the docs say where that fails (docs/grounding.md).
  test.each([
    ["labelled-claims", 0.95, 0.97],
    ["held-out-claims", 0.7, 0.8],
  ])("%s: the verdict is right for most, and support for more", (name, leastVerdicts, leastSupport) => {
    const { passages, claims } = readClaims(name);
    const read = passages.map((page, i) => passage(page.text, i, page));
    const verdicts = claims.map(
      ({ claim, n }) => check(`${claim.replace(/\.$/, "")} [${n}].`, read)[0]?.verdict,
    );
    const right = claims.filter(({ verdict }, i) => verdict === verdicts[i]).length;
    const supported = (verdict: Verdict | undefined) => verdict === "verified" || verdict === "misattributed";
    const agreed = claims.filter(({ verdict }, i) => supported(verdict) === supported(verdicts[i])).length;
    expect(right / claims.length).toBeGreaterThanOrEqual(leastVerdicts);
    expect(agreed / claims.length).toBeGreaterThanOrEqual(leastSupport);
  });
});

/** Sentences over words that no two sentences of a set share, so that each has one true place. */
const VOWELS = "aeiou";
const word = (i: number): string => {
  const letters = "bdfgklmnprstvz";
  let text = "";
  for (let rest = i + 7, k = 0; k < 3; k++) {
    text += letters.charAt(rest % letters.length) + VOWELS.charAt((rest + k) % 5);
    rest = Math.floor(rest / letters.length) + 3 * k + 1;
  }
  return `${text}x`;
};
const sentenceOf = (index: number, words: number): string => {
  const text = Array.from({ length: words }, (_, w) => word(index * 16 + w)).join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};
/** Pages of sentences: `pages[p][s]` is sentence `p * 8 + s`. */
const pages = fc.array(fc.array(fc.integer({ min: 6, max: 12 }), { minLength: 3, maxLength: 6 }), {
  minLength: 2,
  maxLength: 4,
});
const build = (sizes: readonly (readonly number[])[]) => {
  const sentences = sizes.map((page, p) => page.map((size, s) => sentenceOf(p * 8 + s, size)));
  return { sentences, passages: sentences.map((page, p) => passage(page.join(" "), p)) };
};

describe("checkCitations on any sources", () => {
  test("a verbatim sentence with its number is verified, with another number misattributed, at its exact place", () => {
    fc.assert(
      fc.property(pages, fc.nat(), fc.nat(), (sizes, pick, pickSentence) => {
        const { sentences, passages } = build(sizes);
        const p = pick % passages.length;
        const page = passages[p];
        const sentence = sentences[p]?.[pickSentence % (sentences[p]?.length ?? 1)] ?? "";
        const start = (page?.start ?? 0) + (page?.text.indexOf(sentence) ?? 0);
        const place = { passageId: `chunk-${p}`, quote: sentence, start, end: start + sentence.length };
        const right = check(`${sentence} [${p + 1}]`, passages);
        expect(right).toMatchObject([{ ...place, n: p + 1, verdict: "verified" }]);
        const wrong = ((p + 1) % passages.length) + 1;
        expect(check(`${sentence.slice(0, -1)} [${wrong}].`, passages)).toMatchObject([
          { ...place, n: wrong, verdict: "misattributed" },
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test("halves of two sentences of different pages are stitched", () => {
    fc.assert(
      fc.property(pages, (sizes) => {
        const { sentences, passages } = build(sizes);
        const left = sentences[0]?.[0]?.slice(0, -1).split(" ") ?? [];
        const right = sentences[1]?.[1]?.slice(0, -1).split(" ") ?? [];
        const spliced = [...left.slice(0, Math.ceil(left.length / 2)), ...right.slice(right.length / 2)];
        expect(check(`${spliced.join(" ")} [1].`, passages)).toMatchObject([{ verdict: "stitched" }]);
      }),
      { numRuns: 200 },
    );
  });

  test("text of other words is fabricated", () => {
    fc.assert(
      fc.property(pages, fc.integer({ min: 2, max: 30 }), (sizes, size) => {
        const { passages } = build(sizes);
        const [citation] = check(`${sentenceOf(400, size).slice(0, -1)} [1].`, passages);
        expect(citation).toMatchObject({ verdict: "fabricated", quote: "" });
      }),
      { numRuns: 200 },
    );
  });

  test("whatever the text, quotes are exact slices and nothing throws", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom("[", "]", "1", "2", ",", " ", ".", "(", "`", "\n", "a", "A", "|", "#"),
        maxLength: 200,
      }),
    );
    fc.assert(
      fc.property(hostile, fc.array(hostile, { maxLength: 3 }), (text, texts) => {
        const passages = texts.map((each, i) => passage(each, i));
        for (const { quote, start, end, passageId, verdict } of check(text, passages)) {
          if (start === undefined || end === undefined) {
            expect([quote, verdict]).toEqual(["", "fabricated"]);
            continue;
          }
          const page = passages.find(({ id }) => id === passageId);
          expect(page?.text.slice(start - page.start, end - page.start)).toBe(quote);
          expect(quote).not.toBe("");
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["marks", "[1]".repeat(50_000)],
    ["open brackets", "[".repeat(200_000)],
    ["spaces in a mark", `[${" ".repeat(200_000)}`],
    ["spaces before marks", `${" ".repeat(100_000)}x [1]`],
    ["numbers in a mark", `a [${"1,".repeat(60_000)}`],
    ["one long word", `${"a".repeat(130_000)} [1]`],
    ["one long claim", `${"leave days ".repeat(11_000)} [1]`],
    ["many claims", "Leave is 25 days a year [1]. ".repeat(4000)],
    ["joined words", `${"a-".repeat(60_000)} [1]`],
  ])("hostile input costs no more than a long answer: %s", (_, text) => {
    const start = performance.now();
    check(text, [
      passage("leave days ".repeat(2000), 0),
      passage("Leave is 25 days a year. ".repeat(500), 1),
    ]);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
