import { expect, test } from "vitest";
import { healthPage } from "../../test/health-page.ts";
import { checkUnreadable, looksMistyped } from "./unreadable.ts";

const pages = (...roles: string[][]) =>
  roles.map((list, index) => healthPage(`p${index}.md`, "# P", { roles: list }));
const employees = Array.from({ length: 9 }, () => ["employee"]);

test("a page of administrators alone is a note", () => {
  const found = checkUnreadable(pages([], ["administrator"], ["a"]));
  expect(found.map(({ uri, severity }) => [uri, severity])).toEqual([
    ["p0.md", "note"],
    ["p1.md", "note"],
  ]);
});

test("what can hold no front matter is given its readers where it is synced", () => {
  const steps = ["leave.md", "leave.csv", "a/leave.PDF", "leave.docx", "leave.ts"].map(
    (uri) => checkUnreadable([healthPage(uri, "Leave", { roles: [] })])[0]?.nextStep,
  );
  expect(steps.map((step) => step?.includes("--default-role"))).toEqual([false, false, true, true, true]);
});

test("a role that looks like a frequent one is a problem", () => {
  const [finding, ...rest] = checkUnreadable(pages(...employees, ["emploee", "employee"]));
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({ uri: "p9.md", severity: "problem" });
  expect(finding?.message).toContain(
    "emploee is named by this page alone and looks like employee, which 10 pages",
  );
});

test("a role named once is a note, in a store that is large enough to tell", () => {
  expect(checkUnreadable(pages(...employees, ["board"]))).toMatchObject([{ uri: "p9.md", severity: "note" }]);
  expect(checkUnreadable(pages(["employee"], ["board"]))).toEqual([]);
  expect(checkUnreadable(pages(...employees, ["board"], ["board"]))).toEqual([]);
});

test.each([
  ["emploeye", "employee", true],
  ["Employee", "employee", true],
  ["emplyoe", "employee", true],
  ["team-a", "team-b", false],
  ["band 1", "band 2", false],
  ["level10", "level9", false],
  ["hr", "pr", false],
  ["sales", "legal", false],
  ["finance", "security", false],
])("%s for %s: %s", (role, other, expected) => {
  expect(looksMistyped(role, other)).toBe(expected);
});
