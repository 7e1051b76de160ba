import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFrontMatter, Unreadable } from "./front-matter.ts";

const page = (matter: string, body = "# Title\n\nText.") => `---\n${matter}\n---\n${body}`;

describe("readFrontMatter", () => {
  test("reads title, roles, review date and free metadata", () => {
    const text = page(
      "title: Pay\nroles: [hr, legal, hr]\nreviewBy: 2027-01-31\nowner: Ann\nlevel: 3\ndraft: true\nnone:\ntags: [a, b]\ndeep: {x: 1}",
    );
    const matter = readFrontMatter(text);
    expect(matter).toMatchObject({
      title: "Pay",
      roles: ["hr", "legal"],
      metadata: { reviewBy: "2027-01-31", owner: "Ann", level: 3, draft: true, none: null, tags: ["a", "b"] },
      warnings: [],
    });
    expect(text.slice(matter.bodyStart)).toBe("# Title\n\nText.");
  });

  test.each([
    ["no front matter", "# Title\n\n---\n\nText: one.\n"],
    ["a rule at the start", "---\n\nText.\n"],
    ["two rules", "---\n\n---\n\nText.\n"],
    ["empty front matter", "---\n---\nText."],
    ["nothing", ""],
  ])("%s gives no rule", (_name, text) => {
    expect(readFrontMatter(text)).not.toHaveProperty("roles");
  });

  test("with a byte-order mark and CRLF", () => {
    const text = "\ufeff---\r\nroles: [hr]\r\n---\r\nBody";
    const matter = readFrontMatter(text);
    expect(matter.roles).toEqual(["hr"]);
    expect(text.slice(matter.bodyStart)).toBe("Body");
  });

  test("an empty list of roles is a rule: administrators alone", () => {
    expect(readFrontMatter(page("roles: []")).roles).toEqual([]);
  });

  test("a tenant in it has no effect but a warning", () => {
    const matter = readFrontMatter(page("tenant: acme\nTenant: acme\nroles: [hr]"));
    expect(matter.metadata).toEqual({});
    expect(matter.warnings).toHaveLength(2);
  });

  test.each([
    ["roles as a text", page("roles: hr"), "roles"],
    ["roles as nothing", page("roles:"), "roles"],
    ["roles as a map", page("roles: {hr: true}"), "roles"],
    ["roles with a number", page("roles: [1]"), "roles"],
    ["roles with an empty name", page('roles: [hr, ""]'), "roles"],
    ["roles with a control character", page('roles: ["h\\nr"]'), "roles"],
    ["roles misspelt", page("role: [hr]"), "roles"],
    ["roles in capitals", page("Roles: [hr]"), "roles"],
    ["roles twice", page("roles: [hr]\nroles: [all]"), "YAML"],
    ["broken YAML", page("roles: [hr\ntitle: x"), "YAML"],
    ["tabs", page("a:\n\t- b"), "YAML"],
    ["an alias", page("a: &x [1]\nroles: *x"), "YAML"],
    ["an unknown tag", page("roles: !!js/function [hr]"), "YAML"],
    ["a list", page("- a\n- b"), "keys"],
    ["a plain text", page("hello"), "keys"],
    ["a title that is a list", page("title: [a]"), "title"],
    ["a review date that is none", page("reviewBy: soon"), "reviewBy"],
    ["no end", "---\nroles: [hr]\n\n# Title\n", "closing"],
    ["not on the first line", "\n\n---\nroles: [hr]\n---\nText", "first line"],
    ["TOML", '+++\nroles = ["hr"]\n+++\nText', "TOML"],
    ["too many keys", page(Array.from({ length: 100 }, (_, i) => `k${i}: 1`).join("\n")), "keys"],
    ["a value too long", page(`k: ${"x".repeat(5000)}`), "k"],
  ])("%s leaves the page out, with a reason", (_name, text, word) => {
    let reason = "";
    try {
      readFrontMatter(text);
    } catch (error) {
      expect(error).toBeInstanceOf(Unreadable);
      reason = (error as Unreadable).reason;
    }
    expect(reason).toContain(word);
  });

  test("a nest of aliases is refused at once", () => {
    const bomb = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let i = 1; i < 9; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(",")}]`,
      );
    const before = performance.now();
    expect(() => readFrontMatter(page(bomb.join("\n")))).toThrow(Unreadable);
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  test("keys of the object prototype are plain keys, but for the one that cannot be kept", () => {
    expect(readFrontMatter(page("constructor: x\ntoString: y")).metadata).toEqual({
      constructor: "x",
      toString: "y",
    });
    expect(() => readFrontMatter(page("__proto__: {roles: [all]}"))).toThrow("__proto__ is no key");
    expect(({} as Record<string, unknown>).roles).toBeUndefined();
  });

  test("hostile values are kept flat, or refused with the reason", () => {
    const { metadata } = readFrontMatter(
      page("a: .nan\nb: .inf\nc: [1, two, null, true]\nd: {x: [1]}\ne: [[1]]"),
    );
    expect(metadata).toEqual({ a: "NaN", b: "Infinity", c: [1, "two", true], d: '[["x",[1]]]', e: "[[1]]" });
    expect(() => readFrontMatter(page(`a: [${"1,".repeat(80)}]`))).toThrow("a list of at most 64");
    expect(() => readFrontMatter(page(`a: ${"x".repeat(5000)}`))).toThrow("at most 4,096");
    const deep = page(`a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`);
    expect(() => readFrontMatter(deep)).toThrow(Unreadable);
  });

  test("any text is read or refused, never anything else", () => {
    const line = fc.constantFrom(
      "---",
      "...",
      "roles:",
      "roles: [a]",
      "  - a",
      "title: x",
      "? a",
      ": b",
      "!!x y",
      "&a",
      "*a",
      "{",
      "]",
      "'",
      '"',
      "#",
      "|",
      ">",
      "\t",
      "%YAML 1.2",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string({ maxLength: 10 })), { maxLength: 12 }), (lines) => {
        try {
          const { bodyStart } = readFrontMatter(`---\n${lines.join("\n")}`);
          expect(bodyStart).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Unreadable);
        }
      }),
      { numRuns: 500 },
    );
  });
});
