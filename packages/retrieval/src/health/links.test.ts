import { expect, test } from "vitest";
import { healthPage } from "../../test/health-page.ts";
import { checkLinks } from "./links.ts";

const target = healthPage(
  "guide/setup.md",
  '# Set up\n\n## First steps\n\na\n\n## First steps\n\nb\n\n<a id="own"></a>\n\n## Café & `code`\n\nc\n',
);
const others = [
  target,
  healthPage("guide/index.md", "# Guide"),
  healthPage("page.html", "Page"),
  healthPage("a b.md", "# AB"),
];
const check = (text: string) =>
  checkLinks([healthPage("guide/start.md", `---\ntitle: S\n---\n${text}`), ...others]);

test.each([
  "[x](setup.md)",
  "[x](./setup.md#first-steps)",
  "[x](setup.md#first-steps-1)",
  "[x](setup.md#own)",
  "[x](setup.md#caf%C3%A9--code)",
  "[x](../page.html#anything)",
  "[x](/guide/setup.md)",
  "[x](../guide/)",
  "[x](../guide)",
  "[x](setup)",
  "[x](<../a b.md>)",
  "[x](../a%20b.md?v=1)",
  "# Here\n\n[x](#here) [y](#) [z](#top)",
  "[x][r]\n\n[r]: setup.md",
  '<a href="setup.md#own">x</a>',
  "[[setup]] and [[Set up#first steps|there]]",
])("%s leads somewhere", (text) => {
  const { findings, checked } = check(text);
  expect(findings).toEqual([]);
  expect(checked).toBeGreaterThan(0);
});

test.each([
  ["[x](gone.md)", "[x](gone.md)", "There is no page guide/gone.md"],
  ["![x](gone.md)", "![x](gone.md)", "There is no page guide/gone.md"],
  ["[x](setup.md#gone)", "[x](setup.md#gone)", "guide/setup.md has no heading for #gone"],
  ["[x](#gone)", "[x](#gone)", "guide/start.md has no heading for #gone"],
  ["[x](Setup.md)", "[x](Setup.md)", "There is no page guide/Setup.md, but there is guide/setup.md"],
  ["[x](../../out.md)", "[x](../../out.md)", "The link leads out of the source, to ../../out.md"],
  ["[x][r]\n\n[r]: gone.md 'T'", "[r]: gone.md 'T'", "There is no page guide/gone.md"],
  ["<p><a class=b href='gone.html'>x</a></p>", "href='gone.html'", "There is no page guide/gone.html"],
  ["| a |\n| - |\n| [x](gone.md) |", "[x](gone.md)", "There is no page guide/gone.md"],
  ["[[setup]] [[nowhere|x]]", "[[nowhere|x]]", "There is no page named nowhere"],
])("%j is broken", (text, quote, message) => {
  const { findings } = check(text);
  expect(findings).toMatchObject([
    { check: "link", severity: "problem", uri: "guide/start.md", quote, message },
  ]);
  const page = `---\ntitle: S\n---\n${text}`;
  expect(page.slice(findings[0]?.start, findings[0]?.end)).toBe(quote);
});

test("other sites and other files are counted, code and double brackets of another kind are not links", () => {
  const text =
    "[a](https://x.example/gone.md) [b](mailto:a@b.example) [c](//x.example) ![d](pic.png) `[e](gone.md)`\n\n" +
    "```\n[f](gone.md)\n```\n\nif [[ -f x ]] then";
  expect(check(text)).toMatchObject({ findings: [], external: 3, files: 1 });
});

test("pages of another source are not there", () => {
  const page = healthPage("a.md", "[x](b.md)");
  const b = healthPage("b.md", "# B");
  expect(checkLinks([page, b]).findings).toEqual([]);
  expect(checkLinks([page, { ...b, source: "t" }]).findings).toHaveLength(1);
});
