import { describe, expect, test } from "vitest";
import type { Row } from "../store/lance.ts";
import { clausesOf, searchKeywords } from "./keyword-leg.ts";

describe("clausesOf", () => {
  test("looks for words and what they imply in text and context, and for identifiers", () => {
    const clauses = clausesOf("How do I get rid of error E-4012?");
    expect(new Set(clauses.map(({ column }) => column))).toEqual(
      new Set(["identifiers", "context", "terms"]),
    );
    expect(clauses.find(({ column }) => column === "identifiers")?.words.toLowerCase()).toContain("e-4012");
    const counted = (column: string) =>
      clauses.filter((clause) => clause.column === column).map(({ words, boost }) => ({ words, boost }));
    expect(counted("terms")).toEqual(counted("context"));
    expect(counted("terms").at(-1)?.boost).toBe(1);
  });

  test("names the text last, which costs least", () => {
    for (const query of ["holiday pay", "error E-4012", "how much leave is there in a year?"]) {
      const columns = clausesOf(query).map(({ column }) => column);
      const text = columns.indexOf("terms");
      expect(text).toBeGreaterThan(0);
      expect(new Set(columns.slice(text))).toEqual(new Set(["terms"]));
    }
  });

  test("leaves out what holds no word", () => {
    expect(clausesOf("E-4012").every(({ words }) => words.trim() !== "")).toBe(true);
    expect(clausesOf("")).toEqual([]);
  });
});

describe("searchKeywords", () => {
  const holdsIdentifier = async (query: string, identifiers: string | null) => {
    const rows: readonly Row[] = [{ id: "a", identifiers, _score: 1 }];
    const table = { keyword: async () => [...rows] } as unknown as Parameters<typeof searchKeywords>[0];
    return (await searchKeywords(table, query, "true", 10)).holdsIdentifier;
  };

  test("tells whether a passage holds an identifier that the question names", async () => {
    expect(await holdsIdentifier("error E-4012", "e-4012 e-4013")).toBe(true);
    expect(await holdsIdentifier("error E-4012", "e-4013")).toBe(false);
    expect(await holdsIdentifier("error E-4012", null)).toBe(false);
  });

  test("finds no identifier where neither the question nor the passage has one", async () => {
    expect(await holdsIdentifier("who do I ask?", null)).toBe(false);
  });
});
