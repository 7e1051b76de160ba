import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Advisor } from "@advisor/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RoleId } from "../../shared/roles.ts";
import { openHandbook } from "../handbook.ts";
import { principalOf } from "../roles.ts";
import { SAMPLE_QUESTIONS } from "../sample-questions.ts";
import { length } from "../terminal/wrap.ts";
import { runTour } from "./run-tour.ts";

describe("the tour with the embedded models and the sample handbook", () => {
  const folder = mkdtempSync(join(tmpdir(), "advisor-tour-"));
  const signal = new AbortController().signal;
  let advisor: Advisor;

  beforeAll(async () => {
    ({ advisor } = await openHandbook({ store: join(folder, "store"), signal, onProgress: () => undefined }));
  });
  afterAll(async () => {
    await advisor?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("shows what each lever and each role changes", async () => {
    let text = "";
    await runTour({ advisor, out: { write: (more) => (text += more) }, signal });
    const [, leave = "", button = "", pay = ""] = text.split(/^[123] {2}/m);

    // Retrieval and hybrid know it, with the right page of three that look alike.
    expect(leave.match(/27\s+working\s+days/g)).toHaveLength(2);
    expect(leave.match(/verified: Annual leave and absence, Norway/g)).toHaveLength(2);
    expect(button.replace(/\s+/g, " ").match(/holding the front button for 6 seconds/g)).toHaveLength(2);
    expect(button).toContain("support/runbook-gateway-offline.md");
    // The employee is refused in both arms with sources; HR is not.
    const [asEmployee = "", asHr = ""] = pay.split("The same question, asked as HR:");
    expect(asEmployee.match(/refused:/g)).toHaveLength(2);
    expect(asEmployee).not.toMatch(/salary-bands|83,000/);
    expect(asHr).toContain("€83,000");
    expect(asHr).toContain("hr/salary-bands.md");

    for (const line of text.split("\n")) expect(length(line)).toBeLessThanOrEqual(80);
  });

  const samples: readonly [shows: string, role: RoleId, uri: string | undefined][] = [
    ["every employee may know", "employee", "hr/leave-norway.md"],
    ["for HR", "hr", "hr/salary-bands.md"],
    ["for HR", "employee", undefined],
    ["for Support", "support", "support/escalation.md"],
    ["for Support", "employee", undefined],
    ["for Sales and Finance", "sales", "pricing/discounts.md"],
    ["for Sales and Finance", "finance", "pricing/discounts.md"],
    ["for Sales and Finance", "employee", undefined],
    ["no page says", "employee", undefined],
  ];
  it.each(samples)("has a sample question %s, and %s is answered from %s", async (shows, role, uri) => {
    const question = SAMPLE_QUESTIONS.find((sample) => sample.shows === shows)?.question as string;
    for (const mode of ["retrieval", "hybrid"] as const) {
      const answer = await advisor.ask({ question, mode, principal: principalOf(role), signal });
      expect(answer.refused).toBe(uri === undefined);
      expect(answer.citations[0]?.uri).toBe(uri);
    }
  });

  it("finds nothing to do when the store is already made", async () => {
    const again = await openHandbook({ store: join(folder, "store"), signal, onProgress: () => undefined });
    await again.advisor.dispose();
    expect(again.report).toMatchObject({ added: [], changed: [], removed: [], skipped: [] });
    expect(again.report.unchanged).toBeGreaterThan(30);
  });

  it("stops when it is told to", async () => {
    const abort = new AbortController();
    const tour = runTour({ advisor, out: { write: () => abort.abort() }, signal: abort.signal });
    await expect(tour).rejects.toMatchObject({ code: "cancelled" });
  });
});
