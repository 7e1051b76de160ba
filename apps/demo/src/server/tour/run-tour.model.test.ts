import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Advisor } from "@advisor/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHandbook } from "../handbook.ts";
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
    const [, holiday = "", button = "", purchase = ""] = text.split(/^[123] {2}/m);

    // Retrieval and hybrid know it, with the right page of three that look alike.
    expect(holiday.match(/27 working days/g)).toHaveLength(2);
    expect(holiday.match(/\[1\] verified: .*hr\/leave-norway\.md/gs)).not.toBeNull();
    expect(button).toContain("6 seconds");
    expect(button).toContain("support/runbook-gateway-offline.md");
    // The employee is refused in both arms with sources; Finance is not.
    const [asEmployee = "", asFinance = ""] = purchase.split("The same question, asked as Finance:");
    expect(asEmployee.match(/refused:/g)).toHaveLength(2);
    expect(asEmployee).not.toContain("approval-limits.md");
    expect(asFinance.replace(/\s+/g, " ")).toContain("finance director");

    for (const line of text.split("\n")) expect(length(line)).toBeLessThanOrEqual(80);
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
