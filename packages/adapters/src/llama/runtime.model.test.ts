import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { checkGbnf } from "../format/gbnf.ts";
import { GGML_TYPES } from "../gguf/ggml-types.ts";
import { type LlamaRuntime, loadRuntime } from "./runtime.ts";

let runtime: LlamaRuntime;
beforeAll(async () => {
  runtime = await loadRuntime(false);
});

describe("what is written here about llama.cpp", () => {
  it("holds for the sizes of tensor types", () => {
    const bindings = (
      runtime.llama as unknown as {
        _bindings: {
          getBlockSizeForGgmlType(type: number): number | undefined;
          getTypeSizeForGgmlType(type: number): number | undefined;
        };
      }
    )._bindings;
    for (const [number, type] of GGML_TYPES) {
      expect(
        [bindings.getBlockSizeForGgmlType(number), bindings.getTypeSizeForGgmlType(number)],
        type.name,
      ).toEqual([type.block, type.bytes]);
    }
  });

  it("holds for grammars: what the check takes, it takes", async () => {
    const write = vi.spyOn(process.stderr, "write");
    const text = fc.string({
      unit: fc.constantFrom(
        '"a"',
        "[b-d]",
        " ",
        "|",
        "(",
        ")",
        "*",
        "+",
        "?",
        "{1,2}",
        "{0}",
        "x",
        ".",
        '""',
        "\n",
      ),
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const grammar = `root ::= "r" ${body}\nx ::= "y" | x2\nx2 ::= "z"`;
        try {
          checkGbnf(grammar);
        } catch {
          return;
        }
        await expect(runtime.llama.createGrammar({ grammar })).resolves.toBeDefined();
      }),
      { numRuns: 500 },
    );
    expect(write).not.toHaveBeenCalled();
    write.mockRestore();
  });
});
