import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGbnf, MAX_GRAMMAR_LENGTH } from "./gbnf.ts";

describe("checkGbnf", () => {
  it.each([
    'root ::= "yes" | "no"',
    '# a comment\nroot ::= item+ # another\nitem ::=\n  "- " [^\\n]+ "\\n"\n',
    'root ::= ("a" | b{2,3})* b?\nb ::= [a-zA-Z0-9_\\-\\]] | "\\x41\\u00e4\\U0001F600\\"\\\\"',
    'root ::= (\n "a"\n | "b"\n)',
    "root ::= . .{0,20} <[12]> !<[13]>",
    'root ::= object\nobject ::= "{" (object ("," object)*)? "}"',
    'root ::= ""',
    'root ::= "a"{3} "b"{2,} "c"{,5}'.replace("{,5}", "{0,5}"),
    "root ::= [-a]+ [a-]+",
    'root ::= "äöü€😀"',
  ])("takes %s", (grammar) => {
    expect(() => checkGbnf(grammar)).not.toThrow();
  });

  it.each<[string, string]>([
    ["", "no rule named root"],
    ['start ::= "a"', "no rule named root"],
    ["root ::= missing", "missing is used and not defined"],
    ['root ::= "a', "ends inside a text"],
    ["root ::= [a", "ends inside a text or character class"],
    ["root ::= []", "character class is empty"],
    ['root ::= ("a"', "closing ) is missing"],
    ['root ::= "a")', "unexpected"],
    ['root = "a"', "::= is expected"],
    ['root ::= "\\q"', "escape \\q is unknown"],
    ['root ::= "\\x4"', "needs 2 hexadecimal digits"],
    ['root ::= "\\UFFFFFFFF"', "no character"],
    ["root ::= *", "nothing before it to repeat"],
    ['root ::= ""*', "nothing before it to repeat"],
    ['root ::= "a"{3,2}', "ends before it starts"],
    ['root ::= "a"{9999}', "above 2000"],
    ['root ::= "a"{99999999999999999999999}', "above 2000"],
    ['root ::= "a"{', "a repetition is written"],
    ['root ::= (("a"{2000}){2000}){2000}', "multiply"],
    ["root ::= root", "begins with itself"],
    ['root ::= a\na ::= "x"? b\nb ::= ("y" | a) "z"', "begins with itself"],
    ["root ::= (root)*", "begins with itself"],
    ['root ::= ("a"?)*', "begins with itself"],
    ['root ::= "a"*+', "begins with itself"],
    ['root ::= "a"{0}{2}', "nothing before it to repeat"],
    ['root ::= "a"\nroot ::= "b"', "defined twice"],
    ["root ::= <think>", "a token is written"],
    ['root ::= "a\0"', "NUL"],
    [`root ::= ${"(".repeat(200)}"a"${")".repeat(200)}`, "nest deeper"],
    [`root ::= "${"a".repeat(MAX_GRAMMAR_LENGTH)}"`, "longer than"],
  ])("refuses %j", (grammar, words) => {
    expect(() => checkGbnf(grammar)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining(words) }),
    );
  });

  it("refuses rules that a recursive search would follow for ever or too deep", () => {
    const fork = Array.from({ length: 40 }, (_, n) => `r${n} ::= r${n + 1} | r${n + 1}`).join("\n");
    expect(() => checkGbnf(`root ::= r0\n${fork}\nr40 ::= "a"`)).toThrow(/too many ways or too deep/);
    const chain = Array.from({ length: 5000 }, (_, n) => `r${n} ::= r${n + 1}`).join("\n");
    expect(() => checkGbnf(`root ::= r0\n${chain}\nr5000 ::= "a"`)).toThrow(/too many ways or too deep/);
  });

  it("says in which line", () => {
    expect(() => checkGbnf('root ::= a\na ::= "b\\q"')).toThrow(/line 2/);
  });

  it("takes or refuses any text, quickly", () => {
    const text = fc.string({
      unit: fc.constantFrom(...'root ::=|()[]{}*+?"\\\n-^,19ax<>!.#'.split("")),
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((body) => `root ::= ${body}`),
          fc.string(),
        ),
        (grammar) => {
          try {
            checkGbnf(grammar);
          } catch (error) {
            expect(error).toMatchObject({ code: "invalid_request" });
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
