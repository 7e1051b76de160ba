import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { healthPage } from "../../test/health-page.ts";
import { CONTRADICTIONS, LOOK_ALIKES, type SeededPair } from "../../test/seeded-contradictions.ts";
import { checkContradictions } from "./contradictions.ts";

const pagesOf = ([titleA, a, titleB, b]: SeededPair) =>
  [
    [titleA, a],
    [titleB, b],
  ].map(([title = "", text], index) => {
    const uri = `${"ab"[index]}/${title.toLowerCase().replaceAll(" ", "-")}.md`;
    return healthPage(uri, `# ${title}\n\n${text}\n`);
  });
const find = (pair: SeededPair) => checkContradictions(pagesOf(pair)).findings;

test("finds at least four in five of the seeded contradictions, and no look-alike", () => {
  const found = CONTRADICTIONS.filter((pair) => find(pair).length === 1).length;
  expect(LOOK_ALIKES.filter((pair) => find(pair).length > 0)).toEqual([]);
  expect(found / CONTRADICTIONS.length).toBeGreaterThanOrEqual(0.8);
});

test("quotes both sentences where they stand", () => {
  const pair: SeededPair = [
    "Notice",
    "The notice period is 3 months.",
    "Giving notice",
    "The **notice period** is two months.",
  ];
  const [a, b] = pagesOf(pair);
  const [finding, ...rest] = find(pair);
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({
    check: "contradiction",
    severity: "note",
    quote: pair[1],
    other: { quote: pair[3] },
    message: "It says 3 months where b/giving-notice.md says two months",
  });
  expect(a?.text.slice(finding?.start, finding?.end)).toBe(pair[1]);
  expect(b?.text.slice(finding?.other?.start, finding?.other?.end)).toBe(pair[3]);
});

test("one page that says two things is not its business, nor is the scope in metadata", () => {
  const text = "# Notice\n\nThe notice period is 3 months.\n\nThe notice period is 2 months.\n";
  expect(checkContradictions([healthPage("a.md", text)]).findings).toEqual([]);
  const scoped = (uri: string, country: string, months: number) =>
    healthPage(uri, `---\ncountry: ${country}\n---\n# Notice\n\nThe notice period is ${months} months.\n`);
  expect(checkContradictions([scoped("a.md", "no", 3), scoped("b.md", "pl", 2)]).findings).toEqual([]);
  expect(checkContradictions([scoped("a.md", "no", 3), scoped("b.md", "no", 2)]).findings).toHaveLength(1);
});

test("pages of two places may differ, whatever the places are called; words that only look like one may not", () => {
  const rule = (uri: string, days: number, more: string) =>
    healthPage(uri, `# Holidays\n\nThe office closes for ${days} days between the years. ${more}\n`);
  const found = (...pages: ReturnType<typeof rule>[]) => checkContradictions(pages).findings.length;
  const where = "We met in Bergen, and then at Vyshhorod.";
  expect(found(rule("bergen/holidays.md", 5, where), rule("vyshhorod/holidays.md", 7, where))).toBe(0);
  expect(found(rule("bergen/holidays.md", 5, ""), rule("vyshhorod/holidays.md", 7, ""))).toBe(1);
  const common = "We write it in Forms. Both forms and copies count.";
  expect(found(rule("forms/holidays.md", 5, common), rule("copies/holidays.md", 7, ""))).toBe(1);
});

test("the sample handbook, full of facts that are easily confused, contradicts itself nowhere", () => {
  const root = join(import.meta.dirname, "../../../../examples/handbook");
  const uris = readdirSync(root, { recursive: true })
    .map(String)
    .filter((uri) => uri.endsWith(".md"));
  const pages = uris.map((uri) =>
    healthPage(uri.replaceAll("\\", "/"), readFileSync(join(root, uri), "utf8")),
  );
  const { findings, statements } = checkContradictions(pages);
  expect(statements).toBeGreaterThan(300);
  expect(findings.map(({ quote, other }) => [quote, other?.quote])).toEqual([]);
});

test("but a sentence of it that is copied with another number is found, wherever it says which thing it means", () => {
  const root = join(import.meta.dirname, "../../../../examples/handbook");
  const text = readFileSync(join(root, "finance/invoicing.md"), "utf8");
  const original = "After 90 days the console becomes read-only for the site, while alarms keep working.";
  expect(text).toContain(original);
  const copy = healthPage("support/faq.md", `# Questions\n\n${original.replace("90", "60")}\n`);
  const { findings } = checkContradictions([healthPage("finance/invoicing.md", text), copy]);
  expect(findings).toMatchObject([{ quote: original, other: { uri: "support/faq.md" } }]);
});
