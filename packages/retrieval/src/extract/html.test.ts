import { describe, expect, test } from "vitest";
import { readHtml } from "./html.ts";

const text = (html: string) => readHtml(html).text;

describe("what surrounds the content is left out", () => {
  const page = (around: string) =>
    text(`<title>T</title><body>${around}<main><h1>Zebra</h1><p>The zebra is striped.</p></main></body>`);
  test.each([
    ["a menu", `<nav><a href="/">Home</a> <a href="/b">Prices</a></nav>`],
    [
      "a menu of divs",
      `<div class="top menu"><ul><li><a href="/">Home</a></li><li><a href="/b">Prices</a></li></ul></div>`,
    ],
    ["the page's header", `<header><p>Acme Corporation</p></header>`],
    ["the page's footer", `<footer>© Acme, all rights reserved</footer>`],
    [
      "crumbs",
      `<ol id="breadcrumb"><li><a href="/">Home</a></li><li>Zebra</li></ol>`.replace("<li>Zebra</li>", ""),
    ],
    [
      "a landmark by its role",
      `<div role="navigation">Home | Prices</div><div role="contentinfo">Imprint</div>`,
    ],
    ["a banner about cookies", `<div id="cookie-banner"><p>We use cookies.</p><button>Accept</button></div>`],
    [
      "a consent dialog",
      `<section class="onetrust consent"><h2>Your privacy</h2><p>We and our partners …</p></section>`,
    ],
    ["a search box", `<form role="search"><label>Search</label></form>`],
  ])("%s", (_name, around) => {
    expect(page(around)).toBe("Zebra\n\nThe zebra is striped.");
  });
});

describe("what belongs to the content stays", () => {
  test.each([
    [
      "an article's own header and footer",
      `<article><header><h1>Zebra</h1></header><p>Striped.</p><footer>By Ada.</footer></article>`,
      ["Zebra", "By Ada."],
    ],
    ["a header around everything", `<header><main><p>The zebra.</p></main></header>`, ["The zebra."]],
    [
      "a page about cookies",
      `<main class="cookie-policy"><h1>Cookies</h1><p>We use three.</p></main>`,
      ["We use three."],
    ],
    [
      "a long section about consent",
      `<div class="consent"><p>${"The patient agrees in writing. ".repeat(80)}</p></div>`,
      ["The patient agrees"],
    ],
    [
      "a menu of a restaurant",
      `<div class="menu"><p>Soup of the day, 7 euros</p><a href="/m.pdf">PDF</a></div>`,
      ["Soup of the day"],
    ],
    ["names that only look alike", `<div class="navel recookieing"><p>The navel.</p></div>`, ["The navel."]],
    ["a page of links alone", `<nav><a href="/a">Zebra</a><a href="/b">Lion</a></nav>`, ["Zebra", "Lion"]],
  ])("%s", (_name, html, kept) => {
    for (const words of kept) expect(text(html)).toContain(words);
  });
});

test("lists, nested ones too, and tables keep an item or a row a line", () => {
  const html = `<p>Bring:</p><ul><li>a hammer</li><li>nails<ul><li>long ones</li></ul></li></ul>
    <table><tr><th>Pump</th><th>Price</th></tr><tr><td><p>P-1</p></td><td>900</td></tr></table>`;
  expect(text(html)).toBe("Bring:\n\na hammer\n\nnails\n\nlong ones\n\nPump | Price\nP-1 | 900");
});

test("a hostile page of nested and named elements takes bounded time", () => {
  const before = performance.now();
  text(`${'<div class="menu consent">'.repeat(400)}<p>${"x ".repeat(20_000)}</p>`);
  text(`<div>${'<header class="menu"><a href="/">x</a></header>'.repeat(20_000)}</div>`);
  expect(performance.now() - before).toBeLessThan(10_000);
});
