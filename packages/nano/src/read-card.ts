import { readFile } from "node:fs/promises";
import { ModelError } from "@advisor/contracts";
import type { z } from "zod";

/** Reads a model card and parses it with its schema. */
export async function readCard<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw cardError("model_missing", path, "cannot be read", cause);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw cardError("model_invalid", path, "is not JSON", cause);
  }
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.map(String).join(".") || "the card";
  throw cardError("model_invalid", path, `${field}: ${issue?.message ?? "is not valid"}`, result.error);
}

function cardError(
  code: "model_missing" | "model_invalid",
  path: string,
  reason: string,
  cause: unknown,
): ModelError {
  return new ModelError({ code, subject: path, reason, nextStep: "Install @advisor/nano again", cause });
}
