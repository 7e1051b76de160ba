import { expect, test } from "vitest";
import { identifiersOf } from "./identifiers.ts";

test.each([
  ["Error E-4012, then (E-4013).", "e-4012 e-4013"],
  ["Use --dry-run or -v, see `snake_case_name`!", "--dry-run -v snake_case_name"],
  ["v1.2.3 and 10.0.0.1 and 2026-11-21", "v1.2.3 10.0.0.1 2026-11-21"],
  ["camelCase PascalCase and a.b.c in src/index.ts", "camelcase pascalcase a.b.c src/index.ts"],
  ["mail ops@example.com", "ops@example.com"],
  ["Plain words, a well-known fact. It's 5 o'clock; 3.50 EUR e.g. now.", "e.g"],
  ["", ""],
])("%j", (text, expected) => {
  expect(identifiersOf(text)).toBe(expected);
});

test("takes a bounded number", () => {
  const page = Array.from({ length: 10_000 }, (_, i) => `id_${i}`).join(" ");
  expect(identifiersOf(page).split(" ").length).toBeLessThanOrEqual(2000);
});
