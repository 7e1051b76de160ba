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

test("what only looks like a value is none: numbers that are names, conditions, parts of a page, notes", () => {
  const differ = (a: string, b: string) =>
    checkContradictions([healthPage("a.md", `# Build\n\n${a}\n`), healthPage("b.md", `# Build\n\n${b}\n`)])
      .findings.length;
  const looks: [string, string][] = [
    [
      "The reference build can be found at acme/builder#133.",
      "The reference build can be found at acme/builder#145.",
    ],
    [
      "The build server was described by its author [2].",
      "The build server was described by its author [3].",
    ],
    ["See 3101 for the detailed rationale of the build.", "See 573 for the detailed rationale of the build."],
    [
      'The build file has a version; "1.2" is the only legal value.',
      'The build file has a version; "2.0" is the only legal value.',
    ],
    [
      "A build system with glibc 2.12 or newer is supported here.",
      "A build system with glibc 2.17 or newer is supported here.",
    ],
    [
      "Python 3.4 has reached its end of life in the build.",
      "Python 3.5 has reached its end of life in the build.",
    ],
    [
      "The build starts when the count is >= 400 on the main server.",
      "The build starts when the count is >= 900 on the main server.",
    ],
    [
      "The first section of the build shows 3 boxes in a row.",
      "The first section of the build shows 4 boxes in a row.",
    ],
    ["All three build servers are in the same cellar.", "All four build servers are in the same cellar."],
    [
      "Once the build has been called, Runner gets no further events.",
      "Once the build has been called, Worker gets no further events.",
    ],
    ["Build spans are offered by Telemetry.", "Build spans are offered by Telemetry-swift."],
    ["_10% complete_", "_50% complete_"],
  ];
  for (const [a, b] of looks) expect(`${a} ${differ(a, b)}`).toBe(`${a} 0`);
  // The same forms with a value of their own.
  expect(
    differ(
      "The build server keeps 12 artefacts of each branch.",
      "The build server keeps 14 artefacts of each branch.",
    ),
  ).toBe(1);
  expect(
    differ(
      "A build takes at most 30 minutes, then it ends.",
      "A build takes at most 45 minutes, then it ends.",
    ),
  ).toBe(1);
});

test("pages of two years may differ, and so may a page that says it of several things", () => {
  const election = (uri: string, year: number, seats: string) =>
    healthPage(
      uri,
      `# Election\n\nIn this election ${seats} people must be elected by the members.\n\nIt opens in ${year}.\n\nIt ends in ${year}, as in ${year} all do.\n`,
    );
  const found = (...pages: ReturnType<typeof election>[]) => checkContradictions(pages).findings.length;
  expect(found(election("a.md", 2023, "five"), election("b.md", 2024, "four"))).toBe(0);
  expect(found(election("a.md", 2024, "five"), election("b.md", 2024, "four"))).toBe(1);
  const goals = (uri: string, ...shares: number[]) =>
    healthPage(
      uri,
      `# Goals\n\n${shares.map((share) => `- The goal of the team is ${share}% complete.`).join("\n")}\n`,
    );
  expect(found(goals("a.md", 10, 50), goals("b.md", 50))).toBe(0);
  expect(found(goals("a.md", 10), goals("b.md", 50))).toBe(1);
});
