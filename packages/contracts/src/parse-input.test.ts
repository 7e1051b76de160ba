import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BadInputError } from "./errors/bad-input-error.ts";
import { parseInput } from "./parse-input.ts";

const schema = z.strictObject({
  question: z.string().min(1).max(8192),
  mode: z.enum(["base", "hybrid"]).optional(),
  topK: z.int().min(1).max(200).optional(),
  scale: z.number().gt(0).optional(),
  roles: z.array(z.string().min(1, "holds an empty role")).max(2).optional(),
});

describe("parseInput", () => {
  it("returns what the schema makes of the input", () => {
    expect(parseInput(schema, { question: "x", topK: 4 }, "request")).toEqual({ question: "x", topK: 4 });
  });

  it.each([
    [null, "request: must be an object"],
    [{}, "request, question: is missing; it must be a text"],
    [{ question: 5 }, "request, question: must be a text"],
    [{ question: "" }, "request, question: must not be empty"],
    [{ question: "x".repeat(8193) }, "request, question: must have at most 8,192 characters"],
    [{ question: "x", mode: "both" }, "request, mode: must be one of base, hybrid"],
    [{ question: "x", topK: 0 }, "request, topK: must be at least 1"],
    [{ question: "x", topK: 201 }, "request, topK: must be at most 200"],
    [{ question: "x", topK: 1.5 }, "request, topK: must be a whole number"],
    [{ question: "x", topK: Number.NaN }, "request, topK: must be a number"],
    [{ question: "x", scale: 0 }, "request, scale: must be more than 0"],
    [{ question: "x", roles: "hr" }, "request, roles: must be a list"],
    [{ question: "x", roles: ["a", "b", "c"] }, "request, roles: must have at most 2 entries"],
    [{ question: "x", roles: ["a", ""] }, "request, roles.1: holds an empty role"],
    [{ question: "x", topk: 4 }, 'request: has no field "topk"'],
  ])("says of %j what is wrong, and where", (input, said) => {
    const parse = () => parseInput(schema, input, "request");
    expect(parse).toThrow(BadInputError);
    expect(parse).toThrow(`${said}. Correct it and call again.`);
  });
});
