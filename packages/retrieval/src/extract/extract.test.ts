import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extract } from "./extract.ts";
import { readHtml } from "./html.ts";

const texts = (html: string) => {
  const { text, blocks } = readHtml(html);
  return blocks.map((block) =>
    block.kind === "heading"
      ? `h${block.depth} ${block.title}`
      : !("units" in block)
        ? block.kind
        : `${block.kind} ${text.slice(block.units[0]?.start, block.units.at(-1)?.end)}`,
  );
};

describe("HTML", () => {
  test("gives visible text in blocks, with headings", () => {
    const html = `<!doctype html><html><head><title>The  Page</title><style>p{}</style><script>var hidden1</script></head>
      <body><nav>Menu</nav><h1>Top <em>one</em></h1><p>First   sentence.
      Second&nbsp;one &amp; more.</p><script>hidden2</script><p hidden>hidden3</p><div style="display: none">hidden4</div>
      <span aria-hidden="true">hidden5</span><template>hidden6</template><noscript>hidden7</noscript><!-- hidden8 -->
      <h2>Sub</h2><ul><li>One</li><li>Two</li></ul><pre>  code {
    x
  }</pre><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table><p>Line<br>break</p>end</body></html>`;
    expect(texts(html)).toEqual([
      "h1 Top one",
      "prose First sentence. Second one & more.",
      "h2 Sub",
      "prose One",
      "prose Two",
      "code   code {\n    x\n  }",
      "table A | B\n1 | 2",
      "prose Line\nbreak",
      "prose end",
    ]);
    const page = readHtml(html);
    expect(page.title).toBe("The Page");
    expect(page.text).not.toMatch(/hidden|<|var/);
  });

  test("the title falls back to h1, and a fragment is read too", () => {
    expect(readHtml("<h2>Two</h2><h1>One</h1>").title).toBe("One");
    expect(readHtml("just text").text).toBe("just text");
    expect(readHtml("").blocks).toEqual([]);
  });

  test("front matter of a page sets its rule", () => {
    expect(extract("---\nroles: [hr]\n---\n<h1>Pay</h1><p>Text.</p>", "text/html")).toMatchObject({
      roles: ["hr"],
      title: "Pay",
    });
  });

  test("any markup is read, in time, and block offsets hold", () => {
    const tag = fc.constantFrom(
      "<p>",
      "</p>",
      "<h1>",
      "</h1>",
      "<table>",
      "<tr>",
      "<td>",
      "</table>",
      "<pre>",
      "</pre>",
      "<ul><li>",
      "<br>",
      "<script>",
      "</script>",
      "<!--",
      "-->",
      "<div hidden>",
      "</div>",
      "text. More ",
      "\n",
      "&lt;",
      "\ud800",
      "<svg>",
      "<title>",
      "<b>",
    );
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 40 }), (parts) => {
        const { text, blocks } = readHtml(parts.join(""));
        let last = 0;
        for (const block of blocks) {
          const spans = block.kind === "heading" ? [block] : "units" in block ? block.units : [];
          for (const { start, end } of spans) {
            expect(start).toBeGreaterThanOrEqual(last);
            expect(end).toBeGreaterThan(start);
            expect(end).toBeLessThanOrEqual(text.length);
            last = end;
          }
        }
      }),
      { numRuns: 300 },
    );
    for (const hostile of [
      "<div>".repeat(50_000),
      `<pre>${" ".repeat(300_000)}x`,
      "<b>x".repeat(20_000),
      "<p>a ".repeat(50_000),
    ]) {
      const before = performance.now();
      readHtml(hostile);
      expect(performance.now() - before).toBeLessThan(30_000);
    }
  });
});

describe("Markdown", () => {
  test("the title is the front matter's, else the first heading's", () => {
    expect(extract("---\ntitle: A\n---\n# B", "text/markdown").title).toBe("A");
    expect(extract("Text.\n\n## B `c` *d*\n\n# E", "text/markdown").title).toBe("B c d");
    expect(extract("Text.", "text/markdown")).not.toHaveProperty("title");
  });

  test("hostile nesting and size take bounded time", () => {
    const pages = [
      `${">".repeat(5000)} x`,
      "- ".repeat(5000),
      "> ".repeat(3000).concat("x\n").repeat(3),
      "[".repeat(20_000),
      "*a ".repeat(20_000),
      "`".repeat(20_000),
      "![".repeat(5_000),
      "<a ".repeat(5_000),
      `| ${"a | ".repeat(3000)}\n|${"-|".repeat(3000)}\n`,
      "# H\n\nText here. And more of it.\n\n".repeat(10_000),
    ];
    for (const page of pages) {
      const before = performance.now();
      extract(page, "text/markdown");
      expect(performance.now() - before).toBeLessThan(30_000);
    }
  }, 120_000);
});

describe("plain text", () => {
  test("is paragraphs, with no Markdown heading in it", () => {
    const { blocks, text } = extract("# not a heading\nline two.\n\nSecond paragraph.", "text/plain");
    expect(blocks.map((block) => block.kind)).toEqual(["prose", "prose"]);
    expect(text).toBe("# not a heading\nline two.\n\nSecond paragraph.");
  });

  test("front matter in it sets its rule as well", () => {
    expect(extract("---\nroles: [hr]\n---\nText.", "text/plain").roles).toEqual(["hr"]);
  });
});

test("lists nested too deep are read as prose, in time: by indentation, in one line, or both", () => {
  const pages = [
    Array.from({ length: 2000 }, (_, i) => `${"  ".repeat(i)}- x`),
    Array.from({ length: 400 }, (_, i) => `${"      ".repeat(i)}- 1. + x`),
    [`${"- ".repeat(20_000)}x`],
  ];
  for (const lines of pages) {
    const begin = performance.now();
    const { blocks } = extract(`# Deep\n\n${lines.join("\n")}\n`, "text/markdown");
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(blocks.map(({ kind }) => kind)).toEqual(["heading", "prose"]);
  }
  const fine = Array.from({ length: 60 }, (_, i) => `${"  ".repeat(i % 20)}- x${i}`).join("\n");
  const rule = `${"- ".repeat(200)}\n\n${fine}\n`;
  expect(extract(rule, "text/markdown").blocks.length).toBeGreaterThan(1);
});
