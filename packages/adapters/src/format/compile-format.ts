import { BadInputError, ModelError, type OutputFormat } from "@advisor/contracts";
import { z } from "zod";
import { checkGbnf } from "./gbnf.ts";
import { type JsonSchema, jsonSchemaToGbnf } from "./json-schema.ts";

/** An output format made ready for the sampler. */
export interface CompiledFormat {
  readonly grammar: string;
  /** Of JSON formats: parses an answer and validates it once more. */
  readonly parse?: (
    text: string,
    finish: "stop" | "length",
    modelName: string,
  ) => { readonly value: unknown };
}

/** Compiled schemas by identity: programs define a schema once and ask with it often. */
const compiled = new WeakMap<object, CompiledFormat>();

/**
 * Compiles an output format.
 * @throws BadInputError `unsupported_schema` or `invalid_request`.
 */
export function compileFormat(format: Exclude<OutputFormat, { type: "choice" }>): CompiledFormat {
  if (format.type === "gbnf") {
    checkGbnf(format.grammar);
    return { grammar: format.grammar };
  }
  let result = compiled.get(format.schema);
  if (!result) {
    result = compileSchema(format.schema);
    compiled.set(format.schema, result);
  }
  return result;
}

function compileSchema(schema: z.ZodType | JsonSchema): CompiledFormat {
  const isZod = isZodType(schema);
  const jsonSchema = isZod ? toJsonSchema(schema) : schema;
  const grammar = jsonSchemaToGbnf(jsonSchema);
  checkGbnf(grammar);
  const validator = isZod ? schema : fromJsonSchema(jsonSchema);
  return {
    grammar,
    parse(text, finish, modelName) {
      const failed = (reason: string, nextStep: string, cause?: unknown) =>
        new ModelError({ code: "model_failed", subject: modelName, reason, nextStep, cause });
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (cause) {
        throw finish === "length"
          ? failed("its JSON answer was cut off by maxTokens or the context", "Raise maxTokens", cause)
          : failed("its answer is not JSON", "Ask again, or use a stronger model", cause);
      }
      const parsed = validator.safeParse(value);
      if (parsed.success) return { value: parsed.data };
      const [issue] = parsed.error.issues;
      throw failed(
        `its JSON answer does not fit the schema: ${issue?.path.join(".") || "(root)"}: ${issue?.message}`,
        "Ask again, or loosen the schema",
        parsed.error,
      );
    },
  };
}

/** Holds for schemas of another copy of zod too, for which `instanceof` does not. */
export function isZodType(schema: unknown): schema is z.ZodType {
  const found = schema as { readonly _zod?: unknown; readonly safeParse?: unknown } | null;
  return typeof found === "object" && found?._zod !== undefined && typeof found.safeParse === "function";
}

function unsupported(cause: unknown): BadInputError {
  return new BadInputError({
    code: "unsupported_schema",
    subject: "JSON schema",
    reason: (cause as Error).message.replace(/\.$/, ""),
    nextStep: "Use types that JSON has",
    cause,
  });
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  try {
    // What the model writes is the schema's input; transforms and defaults run on it afterwards.
    return z.toJSONSchema(schema, { io: "input", unrepresentable: "throw" }) as JsonSchema;
  } catch (cause) {
    throw unsupported(cause);
  }
}

function fromJsonSchema(schema: JsonSchema): z.ZodType {
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    throw unsupported(cause);
  }
}
