import fc from "fast-check";
import { expect, test } from "vitest";
import { healthPage } from "../../test/health-page.ts";
import { candidatePairs, jaccard, shinglesOf } from "./minhash.ts";
import { checkNearDuplicates } from "./near-duplicates.ts";

const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `word${from + index}`).join(" ");
const chunk = (page: { documentId: string; text: string }, text: string) => {
  const start = page.text.indexOf(text);
  return { documentId: page.documentId, start, end: start + text.length };
};

test("a chunk that two pages share is one finding, with both places", () => {
  const shared = words(0, 60);
  const a = healthPage("a.md", `# A\n\n${words(1000, 200)}\n\n${shared}\n`);
  const b = healthPage("b.md", `# B\n\n${shared} more\n\n${words(2000, 200)}\n`);
  const chunks = [
    chunk(a, words(1000, 200)),
    chunk(a, shared),
    chunk(b, `${shared} more`),
    chunk(b, words(2000, 200)),
  ];
  const found = checkNearDuplicates([a, b], chunks);
  expect(found).toMatchObject([
    { uri: "a.md", quote: shared, severity: "note", other: { uri: "b.md", quote: `${shared} more` } },
  ]);
});

test("pages that are the same are one finding, whatever their front matter, and their chunks none", () => {
  const text = words(0, 100);
  const a = healthPage("a.md", `---\ntitle: A\nowner: X\n---\n${text}\n`);
  const b = healthPage("b.md", `---\ntitle: B of another owner\n---\n${text}\n`);
  const found = checkNearDuplicates([a, b], [chunk(a, text), chunk(b, text)]);
  expect(found).toMatchObject([
    { uri: "a.md", other: { uri: "b.md" }, message: "The whole page is 100 % the same as b.md" },
  ]);
  expect(found[0]).not.toHaveProperty("start");
});

test("short texts, texts of one page and texts that share less are none", () => {
  const a = healthPage("a.md", `${words(0, 20)}\n\n${words(100, 80)}\n\n${words(100, 80)}\n`);
  const half = `${words(100, 50)} ${words(900, 50)}`;
  const b = healthPage("b.md", `${words(0, 20)}\n\n${half}\n`);
  const again = { ...chunk(a, words(100, 80)), start: a.text.lastIndexOf("word100 ") };
  const chunks = [
    chunk(a, words(0, 20)),
    chunk(a, words(100, 80)),
    again,
    chunk(b, words(0, 20)),
    chunk(b, half),
  ];
  expect(checkNearDuplicates([a, b], chunks)).toEqual([]);
});

test("a crowd of equal texts gives findings in proportion to it, not to its square", () => {
  const shared = words(0, 50);
  const pages = Array.from({ length: 200 }, (_, i) =>
    healthPage(`p${i}.md`, `${shared}\n\n${words(1000 * (i + 1), 200)}\n`),
  );
  const found = checkNearDuplicates(
    pages,
    pages.map((page) => chunk(page, shared)),
  );
  expect(found.length).toBeGreaterThanOrEqual(199);
  expect(found.length).toBeLessThan(200 * 20);
});

test("pairs of 0.85 and more are proposed, as comparing all finds them", () => {
  const text = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 60, maxLength: 90 });
  let alike = 0;
  let proposed = 0;
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 2 }), (base, edits) => {
      const edited = base.map((word, index) => (edits.includes(index) ? 99 : word));
      const sets = [base, edited].map((list) => shinglesOf(list.join(" ")));
      const [a, b] = sets;
      if (!a || !b || jaccard(a, b) < 0.85) return;
      alike++;
      proposed += candidatePairs(sets, 20).length;
    }),
    { seed: 7, numRuns: 300 },
  );
  expect(alike).toBeGreaterThan(50);
  expect(proposed).toBe(alike);
});

test("the exact measure is that of sets", () => {
  const sets = fc.uniqueArray(fc.integer({ min: 0, max: 40 }));
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const both = a.filter((value) => b.includes(value)).length;
      const expected = both === 0 ? 0 : both / (a.length + b.length - both);
      const sorted = (list: number[]) => Uint32Array.from(list).sort();
      expect(jaccard(sorted(a), sorted(b))).toBeCloseTo(expected, 12);
    }),
  );
});
