import { CancelledError } from "@advisor/contracts";
import { expect, test } from "vitest";
import { healthPage } from "../../test/health-page.ts";
import { checkHealth, MAX_LISTED } from "./check.ts";

const none = async () => [];
const input = { chunks: [], today: "2026-11-21", find: none };

test("without questions or texts a check says that it did not run", async () => {
  const page = healthPage("a.md", "---\nreviewBy: 2020-01-01\n---\n[x](gone.md)");
  const { findings, checks } = await checkHealth({ ...input, pages: [page], withoutText: "too much" });
  expect(findings.map(({ check }) => check)).toEqual(["review-date", "unreadable"]);
  expect(checks.map(({ check, skipped }) => [check, skipped])).toEqual([
    ["review-date", undefined],
    ["unreadable", undefined],
    ["link", "too much"],
    ["near-duplicate", "too much"],
    ["contradiction", "too much"],
    ["unreached", "it needs questions that people ask"],
  ]);
});

test("with questions, pages that none finds are notes; each question is asked once", async () => {
  const pages = [healthPage("a.md", "# A"), healthPage("b.md", "# B")];
  const asked: string[] = [];
  const find = async (question: string) => {
    asked.push(question);
    return ["id-b.md"];
  };
  const questions = ["Who?", "Who? ", "", "Why?"].map((question) => ({ question }));
  const { findings } = await checkHealth({ ...input, pages, questions, find });
  expect(asked).toEqual(["Who?", "Why?"]);
  expect(findings.filter(({ check }) => check === "unreached")).toMatchObject([
    { uri: "a.md", severity: "note" },
  ]);
});

test("lists a bounded number, problems first, and counts them all", async () => {
  const pages = Array.from({ length: MAX_LISTED + 5 }, (_, i) =>
    healthPage(`p${i}.md`, "# P", { roles: ["r"] }),
  );
  const dated = pages.map((page, i) => ({
    ...page,
    metadata: { reviewBy: i === 900 ? "2020-01-01" : "2026-11-22" },
  }));
  const { findings, checks } = await checkHealth({ ...input, pages: dated });
  expect(findings).toHaveLength(MAX_LISTED);
  expect(findings[0]).toMatchObject({ uri: "p900.md", severity: "problem" });
  expect(checks[0]).toMatchObject({ check: "review-date", found: MAX_LISTED + 5 });
});

test("stops when it is aborted", async () => {
  const signal = AbortSignal.abort();
  await expect(checkHealth({ ...input, pages: [], signal })).rejects.toBeInstanceOf(CancelledError);
});
