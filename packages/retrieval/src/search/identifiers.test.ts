import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { identifiersOf, splitIdentifiers } from "./identifiers.ts";

describe("identifiers of a text", () => {
  test.each([
    ["Error E-4012, then (E-4013).", "e-4012 e-4013"],
    ["Use --dry-run or -v, see `snake_case_name`!", "--dry-run -v snake_case_name"],
    ["v1.2.3 and 10.0.0.1 and 2026-11-21", "v1.2.3 1.2.3 10.0.0.1 2026-11-21"],
    ["camelCase PascalCase and a.b.c in src/index.ts", "camelcase pascalcase a.b.c src/index.ts index.ts"],
    ["mail ops@example.com", "ops@example.com example.com"],
    ["part 17-6571, EAN 90-2231-07, 3-4 days", "17-6571 90-2231-07"],
    ["Plain words, a well-known fact. It's 5 o'clock; 3.50 EUR e.g. now.", "e.g"],
    ["", ""],
  ])("%j", (text, expected) => {
    expect(identifiersOf(text)).toBe(expected);
  });

  test("hyphens of all kinds are one, and marks that nobody sees are none", () => {
    for (const hyphen of [
      "\u2010",
      "\u2011",
      "\u2012",
      "\u2212",
      "\uff0d",
      "&#8209;",
      "\u00ad-",
      "\u200b-",
    ]) {
      expect(identifiersOf(`see E${hyphen}4012 now`)).toBe("e-4012");
    }
    expect(identifiersOf("E–4012")).toBe("e-4012");
    expect(identifiersOf("from E-4012–E-4019")).toBe("e-4012-e-4019 e-4012 e-4019");
    expect(identifiersOf("Ｅ－４０１２")).toBe("e-4012");
  });

  test("what a line break tore apart is one again, and a sentence's end stays an end", () => {
    expect(identifiersOf("Error E-\n4012 and max_retry_\r\n  count, cache.\nttl; v1.2.\n3")).toBe(
      "e-4012 max_retry_count cache.ttl v1.2.3 1.2.3",
    );
    expect(identifiersOf("> --dry-\n> run")).toBe("--dry-run");
    expect(identifiersOf("It was E-4012.\nThe next was E-4013\nand so on.")).toBe("e-4012 e-4013");
    expect(identifiersOf("E-4012 -\nnever")).toBe("e-4012");
  });

  test("signs of Markdown around and in it are none of it", () => {
    expect(identifiersOf("**E-4012** _max_retry_ max\\_retry\\_count ~~v2.0.1~~ #E-7")).toBe(
      "e-4012 max_retry max_retry_count v2.0.1 2.0.1 e-7",
    );
    expect(identifiersOf("__init__")).toBe("__init__");
  });

  test("a bounded number, each once, whatever the text", () => {
    const page = Array.from({ length: 10_000 }, (_, i) => `id_${i}`).join(" ");
    expect(identifiersOf(page).split(" ")).toHaveLength(2000);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const found = identifiersOf(text).split(" ").filter(Boolean);
        expect(new Set(found).size).toBe(found.length);
        expect(found.every((each) => !/\s/.test(each))).toBe(true);
      }),
    );
    const begin = performance.now();
    identifiersOf(`${"a-\n".repeat(20_000)}${"_".repeat(20_000)}`);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });
});

test("a question is split into what it names and what it says", () => {
  expect(splitIdentifiers("What does E‑4012 mean for maxretries?")).toEqual({
    identifiers: "e-4012",
    words: "What does   mean for maxretries?",
    names: "e-4012 what does mean maxretries",
  });
});
