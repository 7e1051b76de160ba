import { BadInputError } from "@advisor/contracts";
import { COMMON_RULES, FORMATS, literal } from "./json-rules.ts";
import { decimalRange, integerRange } from "./number-range.ts";

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas nested deeper than this are refused: grammar and model lose their way far earlier. */
const MAX_DEPTH = 64;
/** Repetitions of one element that llama.cpp's grammar takes (`MAX_REPETITION_THRESHOLD`). */
const MAX_REPETITIONS = 2000;
/** Rules of one grammar: each costs the sampler time at each token. */
const MAX_RULES = 4000;

/** Keywords that say something to people and nothing about the value. */
const ANNOTATIONS = new Set([
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "definitions",
  "id",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "format", "pattern"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  null: [],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  object: ["properties", "required", "additionalProperties", "propertyNames"],
};

const TYPES = Object.keys(OF_TYPE);

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A GBNF grammar of the JSON texts that fit a schema. Properties come in the schema's order; those not required may be
 * left out; others than the listed ones are not written.
 * @throws BadInputError `unsupported_schema` naming the keyword that a grammar cannot follow, and where it stands.
 */
export function jsonSchemaToGbnf(root: JsonSchema): string {
  const rules = new Map<string, string>();
  const references = new Map<string, string>();
  let next = 0;

  function refuse(where: string, reason: string): never {
    throw new BadInputError({
      code: "unsupported_schema",
      subject: `JSON schema, ${where || "root"}`,
      reason,
      nextStep: "Leave it out of the schema and check the value afterwards",
    });
  }

  function common(name: string): string {
    if (rules.has(name)) return name;
    const body = COMMON_RULES[name] as string;
    rules.set(name, body);
    for (const [other] of body.replace(/"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]/g, " ").matchAll(/[a-z]+/g)) {
      if (other in COMMON_RULES) common(other);
    }
    return name;
  }

  function add(body: string): string {
    const name = `r${next++}`;
    if (next > MAX_RULES) refuse("", `it makes a grammar of more than ${MAX_RULES} rules`);
    rules.set(name, body);
    return name;
  }

  function checkKeywords(schema: JsonSchema, known: readonly string[], where: string): void {
    for (const keyword of Object.keys(schema)) {
      if (ANNOTATIONS.has(keyword) || keyword.startsWith("x-") || keyword.startsWith("~")) continue;
      if (!known.includes(keyword)) refuse(where, `the keyword ${keyword} is not supported here`);
    }
  }

  function count(schema: JsonSchema, keyword: string, where: string): number | undefined {
    const value = schema[keyword];
    if (value === undefined) return undefined;
    if (!Number.isInteger(value) || (value as number) < 0) refuse(where, `${keyword} is no whole number`);
    if ((value as number) > MAX_REPETITIONS) refuse(where, `${keyword} is above ${MAX_REPETITIONS}`);
    return value as number;
  }

  /** Returns an expression that needs no brackets: a rule's name or a literal. */
  function convert(schema: unknown, where: string, depth: number): string {
    if (depth > MAX_DEPTH) refuse(where, `it nests deeper than ${MAX_DEPTH}`);
    if (schema === true) return common("value");
    if (!isSchema(schema))
      return refuse(where, schema === false ? "nothing fits `false`" : "it is no schema");
    if (typeof schema.$ref === "string") return reference(schema, schema.$ref, where, depth);
    for (const keyword of ["anyOf", "oneOf"]) {
      if (!(keyword in schema)) continue;
      checkKeywords(schema, [keyword], where);
      const branches = schema[keyword];
      if (!Array.isArray(branches) || branches.length === 0)
        refuse(where, `${keyword} is no list of schemas`);
      const each = (branches as unknown[]).map((branch, index) =>
        convert(branch, `${where}/${keyword}/${index}`, depth + 1),
      );
      return add(each.join(" | "));
    }
    if ("const" in schema) {
      checkKeywords(schema, ["const", "type"], where);
      return literal(JSON.stringify(schema.const));
    }
    if ("enum" in schema) {
      checkKeywords(schema, ["enum", "type"], where);
      if (!Array.isArray(schema.enum) || schema.enum.length === 0) refuse(where, "enum is no list of values");
      return add((schema.enum as unknown[]).map((value) => literal(JSON.stringify(value))).join(" | "));
    }
    const { type } = schema;
    if (type === undefined) {
      const implied = TYPES.find((each) => OF_TYPE[each]?.some((keyword) => keyword in schema));
      if (!implied) checkKeywords(schema, [], where);
      return implied ? refuse(where, `type is missing beside keywords of ${implied}`) : common("value");
    }
    const types = Array.isArray(type) ? (type as unknown[]) : [type];
    const known = types.flatMap(
      (each) => OF_TYPE[String(each)] ?? refuse(where, `the type ${each} is unknown`),
    );
    checkKeywords(schema, ["type", ...known], where);
    const each = types.map((one) => convertType(String(one), schema, where, depth));
    return each.length === 1 ? (each[0] as string) : add(each.join(" | "));
  }

  function reference(schema: JsonSchema, target: string, where: string, depth: number): string {
    checkKeywords(schema, ["$ref"], where);
    const seen = references.get(target);
    if (seen) return seen;
    if (target !== "#" && !target.startsWith("#/")) refuse(where, `$ref ${target} points outside the schema`);
    let found: unknown = root;
    for (const part of target.split("/").slice(1)) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      found = isSchema(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    }
    if (found === undefined) refuse(where, `$ref ${target} points to nothing`);
    // Named before it is converted, so that a schema may hold itself.
    const name = `r${next++}`;
    references.set(target, name);
    rules.set(name, convert(found, target, depth + 1));
    if (rules.get(name) === name) refuse(where, `$ref ${target} is nothing but itself`);
    return name;
  }

  function convertType(type: string, schema: JsonSchema, where: string, depth: number): string {
    switch (type) {
      case "string":
        return stringRule(schema, where);
      case "integer":
      case "number":
        return numberRule(type, schema, where);
      case "array":
        return arrayRule(schema, where, depth);
      case "object":
        return objectRule(schema, where, depth);
      default:
        return common(type);
    }
  }

  function stringRule(schema: JsonSchema, where: string): string {
    if (schema.format !== undefined) {
      const body = FORMATS[String(schema.format)];
      if (!body) return refuse(where, `the format ${String(schema.format)} is not supported`);
      for (const [name] of body.matchAll(/[a-z]+/g)) common(name);
      return add(`"\\"" ${body} "\\""`);
    }
    if (schema.pattern !== undefined) refuse(where, "the keyword pattern is not supported here");
    const least = count(schema, "minLength", where);
    const most = count(schema, "maxLength", where);
    if (least === undefined && most === undefined) return common("string");
    if (most !== undefined && most < (least ?? 0)) refuse(where, "maxLength is below minLength");
    return add(`"\\"" ${common("char")}{${least ?? 0},${most ?? ""}} "\\""`);
  }

  function numberRule(type: "integer" | "number", schema: JsonSchema, where: string): string {
    const bound = (keyword: string): number | undefined => {
      const value = schema[keyword];
      if (value === undefined) return undefined;
      if (typeof value !== "number") return refuse(where, `${keyword} is no number`);
      if (type === "number" && !Number.isSafeInteger(value)) {
        return refuse(where, `${keyword} is supported for whole numbers only`);
      }
      return value;
    };
    if (schema.multipleOf !== undefined && schema.multipleOf !== 1) {
      refuse(where, "multipleOf is not supported here");
    }
    const minimum = bound("minimum");
    const maximum = bound("maximum");
    const above = bound("exclusiveMinimum");
    const below = bound("exclusiveMaximum");
    const none = [minimum, maximum, above, below].every((each) => each === undefined);
    if (none) return common(type);
    const body =
      type === "integer"
        ? integerRange(
            safe(Math.max(ceil(minimum), above === undefined ? -Infinity : Math.floor(above) + 1)),
            safe(Math.min(floor(maximum), below === undefined ? Infinity : Math.ceil(below) - 1)),
          )
        : decimalRange({
            minimum: largest(minimum, above),
            maximum: smallest(maximum, below),
            exclusiveMinimum: above !== undefined && above >= (minimum ?? -Infinity),
            exclusiveMaximum: below !== undefined && below <= (maximum ?? Infinity),
          });
    return body ? add(body) : refuse(where, "no number fits its bounds");
  }

  function arrayRule(schema: JsonSchema, where: string, depth: number): string {
    const least = count(schema, "minItems", where) ?? 0;
    const most = count(schema, "maxItems", where);
    if (most !== undefined && most < least) refuse(where, "maxItems is below minItems");
    const ws = common("ws");
    if (schema.prefixItems !== undefined) {
      if (!Array.isArray(schema.prefixItems)) refuse(where, "prefixItems is no list of schemas");
      if (schema.items !== undefined && schema.items !== false)
        refuse(where, "items beside prefixItems is not supported");
      const items = (schema.prefixItems as unknown[]).map((item, index) =>
        convert(item, `${where}/prefixItems/${index}`, depth + 1),
      );
      if (least > items.length || (most !== undefined && most < items.length)) {
        refuse(where, "minItems or maxItems does not fit prefixItems");
      }
      return add(`"[" ${ws} ${items.map((item) => `${item} ${ws}`).join(` "," ${ws} `)} "]"`);
    }
    if (most === 0) return add(`"[" ${ws} "]"`);
    const item = convert(schema.items ?? true, `${where}/items`, depth + 1);
    const more = `("," ${ws} ${item} ${ws}){${Math.max(0, least - 1)},${most === undefined ? "" : most - 1}}`;
    const filled = `${item} ${ws} ${more}`;
    return add(`"[" ${ws} ${least === 0 ? `(${filled})?` : filled} "]"`);
  }

  function objectRule(schema: JsonSchema, where: string, depth: number): string {
    const { properties, required, additionalProperties, propertyNames } = schema;
    const ws = common("ws");
    if (propertyNames !== undefined) {
      const plain =
        isSchema(propertyNames) && propertyNames.type === "string" && Object.keys(propertyNames).length === 1;
      if (!plain) refuse(where, "propertyNames other than plain texts is not supported");
    }
    const entries =
      properties === undefined
        ? []
        : Object.entries(isSchema(properties) ? properties : refuse(where, "properties is no object"));
    const must = new Set(Array.isArray(required) ? required.map(String) : []);
    for (const name of must) {
      if (!entries.some(([key]) => key === name))
        refuse(where, `${name} is required and not among properties`);
    }
    if (entries.length === 0) {
      if (additionalProperties === false) return add(`"{" ${ws} "}"`);
      if (additionalProperties === undefined || additionalProperties === true) return common("object");
      const value = convert(additionalProperties, `${where}/additionalProperties`, depth + 1);
      const pair = `${common("string")} ${ws} ":" ${ws} ${value} ${ws}`;
      return add(`"{" ${ws} (${pair} ("," ${ws} ${pair})*)? "}"`);
    }
    const pairs = entries.map(([key, value]) => {
      const converted = convert(value, `${where}/properties/${key}`, depth + 1);
      return `${literal(JSON.stringify(key))} ${ws} ":" ${ws} ${converted} ${ws}`;
    });
    // From the last property back: what may follow when something stands before it, and when nothing does.
    let after = "";
    let first = "";
    for (let index = pairs.length - 1; index >= 0; index--) {
      const pair = pairs[index] as string;
      const later = `"," ${ws} ${pair} ${after}`;
      const opening = `${pair} ${after}`;
      if (must.has(entries[index]?.[0] as string)) {
        after = add(later);
        first = add(opening);
      } else {
        first = add(first ? `${opening} | ${first}` : `${opening} |`);
        after = add(after ? `${later} | ${after}` : `${later} |`);
      }
    }
    return add(`"{" ${ws} ${first} "}"`);
  }

  const start = convert(root, "", 0);
  return [`root ::= ${start}`, ...[...rules].map(([name, body]) => `${name} ::= ${body}`)].join("\n");
}

const safe = (value: number) => Math.min(Number.MAX_SAFE_INTEGER, Math.max(-Number.MAX_SAFE_INTEGER, value));
const ceil = (value: number | undefined) => (value === undefined ? -Infinity : Math.ceil(value));
const floor = (value: number | undefined) => (value === undefined ? Infinity : Math.floor(value));

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}

function smallest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
