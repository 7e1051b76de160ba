import { z } from "zod";

/** A path or name, or a part of one's own: recognised by its methods, so that it may come from another copy of the SDK. */
export function stringOrPart<Part>(methods: readonly (keyof Part & string)[], text: string) {
  return z.custom<string | Part>(
    (value) =>
      typeof value === "string"
        ? value.trim() !== ""
        : typeof value === "object" &&
          value !== null &&
          methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
    `must be ${text}, or an object with the methods ${methods.join(", ")}`,
  );
}
