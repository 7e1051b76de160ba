import { parseInput, type WriteOptions } from "@advisor/contracts";
import type { z } from "zod";

/** Checks a call's options, all but those that are no data. */
export function parseOptions<Schema extends z.ZodObject>(
  schema: Schema,
  options: Pick<WriteOptions, "signal" | "onProgress">,
  subject: string,
): z.output<Schema> & Pick<WriteOptions, "signal" | "onProgress"> {
  const { signal, onProgress, ...fields } = options;
  return {
    ...parseInput(schema, fields, subject),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  };
}
