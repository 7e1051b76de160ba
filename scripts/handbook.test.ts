import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
// @ts-expect-error plain JavaScript, so that it also runs without a build
import { checkHandbook } from "./check-handbook.mjs";

const examples = fileURLToPath(new URL("../examples", import.meta.url));

describe("the sample handbook", () => {
  it("is sound, with every gold sentence verbatim in its page", () => {
    expect(checkHandbook()).toEqual([]);
  });
});

describe("the check of the sample handbook", () => {
  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(path.join(tmpdir(), "handbook-"));
    for (const name of ["handbook", "handbook-questions.jsonl", "handbook-dev-questions.jsonl"])
      cpSync(path.join(examples, name), path.join(copy, name), { recursive: true });
  });
  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  function edit(file: string, from: string, to: string): readonly string[] {
    const target = path.join(copy, file);
    const text = readFileSync(target, "utf8");
    expect(text).toContain(from);
    writeFileSync(target, text.replace(from, to));
    return checkHandbook(copy);
  }

  it.each([
    ["a gold sentence that changed", "handbook/products/tarn-2.md", "from −40 °C", "from -40 °C", "q01"],
    ["a page without a title", "handbook/hr/leave-norway.md", "title: ", "heading: ", "hr/leave-norway.md"],
    [
      "a misspelt role",
      "handbook/hr/remote-work.md",
      "roles: [employee]",
      "roles: [employe]",
      "hr/remote-work.md",
    ],
    ["a forbidden page that opens", "handbook/hr/salary-bands.md", "roles: [hr]", "roles: [employee]", "q53"],
    ["a needed page that closes", "handbook/hr/onboarding.md", "roles: [employee]", "roles: [hr]", "q32"],
    [
      "an answer outside its sentence",
      "handbook-questions.jsonl",
      '"answers":["1500"]',
      '"answers":["1501"]',
      "q13",
    ],
    ["an id that stands twice", "handbook-dev-questions.jsonl", '"id":"d01"', '"id":"q01"', "q01"],
    [
      "a count that is off",
      "handbook-questions.jsonl",
      '"kind":"unanswerable"',
      '"kind":"forbidden"',
      "handbook-questions.jsonl",
    ],
    [
      "an unanswerable question that names an answer",
      "handbook-questions.jsonl",
      '"answers":[],"kind":"unanswerable"',
      '"answers":["grey"],"kind":"unanswerable"',
      "q45",
    ],
    [
      "a line that is no JSON",
      "handbook-questions.jsonl",
      '{"id":"q02"',
      '{"id:"q02"',
      "handbook-questions.jsonl:2",
    ],
  ])("names %s", (_, file, from, to, subject) => {
    const problems = edit(file, from, to);
    expect(problems.filter((problem) => problem.startsWith(`${subject}:`))).not.toEqual([]);
  });
});
