import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { gbnfAccepts } from "../../test/gbnf-matcher.ts";
import { compileFormat } from "./compile-format.ts";
import { checkGbnf } from "./gbnf.ts";
import { type JsonSchema, jsonSchemaToGbnf } from "./json-schema.ts";
import { decimalRange, integerRange } from "./number-range.ts";

const accepts = (schema: JsonSchema, text: string) => gbnfAccepts(jsonSchemaToGbnf(schema), text);
const ofZod = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input" }) as JsonSchema;

describe("jsonSchemaToGbnf", () => {
  it("takes objects with required and optional properties, in order", () => {
    const schema = ofZod(
      z.strictObject({
        a: z.string().optional(),
        b: z.boolean(),
        c: z.null().optional(),
        d: z.int().optional(),
      }),
    );
    for (const text of [
      '{"b":true}',
      '{"a": "x", "b": false}',
      '{"b":true,"d":7}',
      '{"a":"","b":true,"c":null,"d":-1}',
    ]) {
      expect(accepts(schema, text), text).toBe(true);
    }
    for (const text of [
      "{}",
      '{"a":"x"}',
      '{"b":1}',
      '{"b":true,"a":"x"}',
      '{"b":true,}',
      '{,"b":true}',
      '{"b":true,"e":1}',
    ]) {
      expect(accepts(schema, text), text).toBe(false);
    }
    expect(accepts(ofZod(z.strictObject({ a: z.int().optional() })), "{}")).toBe(true);
  });

  it("takes unions, nullables, enums, literals, tuples, records and schemas that hold themselves", () => {
    const tree: z.ZodType = z.strictObject({
      name: z.enum(["leaf", 'no"de']),
      get left() {
        return tree.nullable();
      },
    });
    const schema = ofZod(tree);
    expect(accepts(schema, '{"name":"leaf","left":{"name":"no\\"de","left":null}}')).toBe(true);
    expect(accepts(schema, '{"name":"other","left":null}')).toBe(false);
    expect(accepts(ofZod(z.tuple([z.literal(1), z.union([z.string(), z.boolean()])])), '[1,"x"]')).toBe(true);
    expect(accepts(ofZod(z.tuple([z.literal(1), z.boolean()])), "[1,2]")).toBe(false);
    expect(accepts(ofZod(z.record(z.string(), z.int())), '{"x":1,"y":2}')).toBe(true);
    expect(accepts({ type: ["string", "null"] }, "null")).toBe(true);
    expect(accepts({}, '{"any":[1,{"x":"y"}]}')).toBe(true);
  });

  it("keeps lengths and sizes", () => {
    const text = { type: "string", minLength: 1, maxLength: 3 };
    expect(["", "a", "äöü", "abcd"].map((each) => accepts(text, JSON.stringify(each)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const list = { type: "array", items: { type: "boolean" }, minItems: 1, maxItems: 2 };
    expect(["[]", "[true]", "[true, false]", "[true,true,true]"].map((each) => accepts(list, each))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(accepts({ type: "array", items: { type: "null" }, maxItems: 0 }, "[]")).toBe(true);
    expect(accepts({ type: "array", maxItems: 1 }, "[]")).toBe(true);
  });

  it("writes dates that zod takes", () => {
    const schema = z.strictObject({ day: z.iso.date(), at: z.iso.datetime(), id: z.uuid() });
    const good =
      '{"day":"2026-02-03","at":"2026-02-03T23:59:59Z","id":"7f0c2c6e-6f5b-4c1e-9d3a-0123456789ab"}';
    const bad =
      '{"day":"2026-13-03","at":"2026-02-03T23:59:59Z","id":"7f0c2c6e-6f5b-4c1e-9d3a-0123456789ab"}';
    expect(schema.safeParse(JSON.parse(good)).success).toBe(true);
    expect([good, bad].map((text) => accepts(ofZod(schema), text))).toEqual([true, false]);
  });

  it.each<[string, JsonSchema]>([
    ["pattern", { type: "string", pattern: "^a" }],
    ["format email", { type: "string", format: "email" }],
    ["not", { not: { type: "null" } }],
    ["allOf", { allOf: [{ type: "null" }] }],
    ["uniqueItems", { type: "array", uniqueItems: true }],
    ["patternProperties", { type: "object", patternProperties: { a: {} } }],
    ["the keyword if", { type: "object", if: {} }],
    ["multipleOf", { type: "integer", multipleOf: 3 }],
    ["type is missing", { properties: { a: {} } }],
    ["points to nothing", { $ref: "#/$defs/missing" }],
    ["nothing but itself", { $ref: "#" }],
    ["points outside", { $ref: "https://example.com/schema" }],
    ["no number fits", { type: "integer", minimum: 3, maximum: 2 }],
    ["required and not among", { type: "object", properties: {}, required: ["a"] }],
    ["whole numbers only", { type: "number", minimum: 0.5 }],
    ["no schema", { type: "array", items: 7 }],
    [
      "deeper",
      Array.from({ length: 70 }).reduce<JsonSchema>((inner) => ({ type: "array", items: inner }), {}),
    ],
  ])("refuses %s by name", (words, schema) => {
    expect(() => jsonSchemaToGbnf(schema)).toThrow(
      expect.objectContaining({ code: "unsupported_schema", message: expect.stringContaining(words) }),
    );
  });

  it("makes grammars that accept any value of a schema, and that pass the check", () => {
    const json = fc.jsonValue({ depthSize: "small" });
    fc.assert(
      fc.property(json, (value) => {
        const schema = schemaOf(value);
        const grammar = jsonSchemaToGbnf(schema);
        checkGbnf(grammar);
        const text = JSON.stringify(value);
        // JSON.stringify writes -0 as 0 and large numbers with exponents of three digits, which no bound schema needs.
        return /e[+-]\d{3}|\d{16}/.test(text) || gbnfAccepts(grammar, text);
      }),
      { numRuns: 150 },
    );
  });
});

/** A schema that the value fits. */
function schemaOf(value: unknown): JsonSchema {
  if (value === null) return { type: "null" };
  if (Array.isArray(value)) {
    return value.length === 0
      ? { type: "array", maxItems: 0 }
      : { type: "array", prefixItems: value.map(schemaOf) };
  }
  if (typeof value === "object") {
    const properties = Object.fromEntries(
      Object.entries(value as object).map(([key, each]) => [key, schemaOf(each)]),
    );
    return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  }
  return { type: typeof value };
}

describe("ranges", () => {
  const small = fc.integer({ min: -3000, max: 3000 });

  it("hold exactly the whole numbers between their bounds", () => {
    fc.assert(
      fc.property(small, small, small, (a, b, value) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const grammar = `root ::= ${integerRange(low, high)}`;
        checkGbnf(grammar);
        return gbnfAccepts(grammar, String(value)) === (value >= low && value <= high);
      }),
      { numRuns: 300 },
    );
    expect(integerRange(2, 1)).toBeUndefined();
    expect(gbnfAccepts(`root ::= ${integerRange(0)}`, "9007199254740991")).toBe(true);
    expect(gbnfAccepts(`root ::= ${integerRange(0)}`, "9007199254740992")).toBe(false);
    expect(gbnfAccepts(`root ::= ${integerRange(0, 10)}`, "-0")).toBe(false);
  });

  it("hold exactly the decimal numbers between their bounds", () => {
    const bound = fc.integer({ min: -30, max: 30 });
    const cents = fc.integer({ min: -4000, max: 4000 });
    fc.assert(
      fc.property(bound, bound, fc.boolean(), fc.boolean(), cents, (a, b, open, closed, value) => {
        const [minimum, maximum] = [Math.min(a, b), Math.max(a, b)];
        const range = decimalRange({ minimum, maximum, exclusiveMinimum: open, exclusiveMaximum: closed });
        const number = value / 100;
        const fits =
          (open ? number > minimum : number >= minimum) && (closed ? number < maximum : number <= maximum);
        if (!range) return !fits;
        checkGbnf(`root ::= ${range}`);
        return gbnfAccepts(`root ::= ${range}`, String(number)) === fits;
      }),
      { numRuns: 400 },
    );
  });
});

describe("compileFormat", () => {
  it("parses and validates the answer once more", () => {
    const schema = z.strictObject({ days: z.int().min(1) });
    const { parse } = compileFormat({ type: "json", schema });
    expect(parse?.('{"days":25}', "stop", "m")).toEqual({ value: { days: 25 } });
    expect(() => parse?.('{"days":', "length", "m")).toThrow(/cut off.*Raise maxTokens/);
    expect(() => parse?.('{"days":0}', "stop", "m")).toThrow(
      expect.objectContaining({ code: "model_failed" }),
    );
    const plain = compileFormat({
      type: "json",
      schema: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
    });
    expect(() => plain.parse?.('{"a":"x"}', "stop", "m")).toThrow(/does not fit the schema: a/);
  });

  it("refuses types that JSON does not have", () => {
    expect(() => compileFormat({ type: "json", schema: z.date() })).toThrow(
      expect.objectContaining({ code: "unsupported_schema" }),
    );
  });
});
