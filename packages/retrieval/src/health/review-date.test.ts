import { expect, test } from "vitest";
import { healthPage } from "../../test/health-page.ts";
import { checkReviewDates } from "./review-date.ts";

const dated = (day: string) => healthPage("a.md", `---\ntitle: A\nreviewBy: ${day}\nroles: [x]\n---\n# A\n`);

test.each([
  ["2026-11-20", "problem", /by 2026-11-20, 1 day ago/],
  ["2025-11-21", "problem", /365 days ago/],
  ["2026-11-21", "note", /2026-11-21, today/],
  ["2026-11-22", "note", /in 1 day$/],
  ["2026-12-21", "note", /in 30 days/],
])("a page to be reviewed by %s is a %s", (day, severity, message) => {
  const page = dated(day);
  const [finding, ...rest] = checkReviewDates([page], "2026-11-21");
  expect(rest).toEqual([]);
  expect(finding).toMatchObject({ check: "review-date", severity, quote: `reviewBy: ${day}` });
  expect(finding?.message).toMatch(message);
  expect(page.text.slice(finding?.start, finding?.end)).toBe(finding?.quote);
});

test("a later date and none at all are no findings", () => {
  expect(checkReviewDates([dated("2026-12-22"), healthPage("b.md", "# B")], "2026-11-21")).toEqual([]);
});

test("a date that is none is a problem, also where only the metadata has it", () => {
  const page = healthPage("a.md", "# A", { metadata: { reviewBy: "2026-02-30" } });
  const [finding] = checkReviewDates([page], "2026-11-21");
  expect(finding).toMatchObject({
    severity: "problem",
    message: 'The review date "2026-02-30" is not a date',
  });
  expect(finding).not.toHaveProperty("start");
});
