import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Advisor } from "@advisor/core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RoleId } from "../shared/roles.ts";
import type { SetupView } from "../shared/wire.ts";
import { openHandbook } from "./handbook.ts";
import { principalOf } from "./roles.ts";
import { INTERRUPTED, runDemo } from "./run-demo.ts";
import { SAMPLE_QUESTIONS } from "./sample-questions.ts";
import { length } from "./terminal/wrap.ts";

describe("the demonstration, with the embedded models and the sample handbook", () => {
  const folder = mkdtempSync(join(tmpdir(), "advisor-tour-"));
  const signal = new AbortController().signal;
  const store = join(folder, "store");
  const page = join(folder, "page");
  let advisor: Advisor;

  beforeAll(async () => {
    mkdirSync(page);
    writeFileSync(join(page, "index.html"), "<p>the page");
    ({ advisor } = await openHandbook({ store, signal, onProgress: () => undefined }));
  });
  afterAll(async () => {
    await advisor?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: readonly string[]) {
    const text = { out: "", err: "" };
    const to = (name: "out" | "err") => ({ write: (more: string) => (text[name] += more) });
    const stop = new AbortController();
    const code = runDemo({ args, out: to("out"), err: to("err"), stop: stop.signal, store, page });
    return { out: () => text.out, err: () => text.err, stop, code };
  }

  it("tours, serves the page, and ends when it is told to", async () => {
    const { out, err, stop, code } = start(["--port", "0"]);
    await vi.waitFor(() => expect(out()).toMatch(/The page: http/), { timeout: 60_000, interval: 50 });
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(out())?.[0] as string;
    expect(await (await fetch(url)).text()).toBe("<p>the page");
    const setup = (await (await fetch(`${url}api/setup`)).json()) as SetupView;
    expect(setup.adapter?.name).toBe("support-voice");
    expect(setup.model.parameters).toBeGreaterThan(1e6);
    stop.abort();
    expect(await code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    expect(err()).toContain("✓ Reading the handbook");

    const text = out();
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

  it("stops after the table when asked to, with nothing to do for a store that is made", async () => {
    const { out, err, code } = start(["--once"]);
    expect(await code).toBe(0);
    expect(out()).toContain("Where the time went");
    expect(out()).not.toContain("The page:");
    expect(err()).toMatch(/0 new, 0 changed, 0 gone, \d+ as before/);
  });

  it("can be interrupted", async () => {
    const { out, stop, code } = start([]);
    await vi.waitFor(() => expect(out()).toContain("asked as"), { timeout: 60_000, interval: 20 });
    stop.abort();
    expect(await code).toBe(INTERRUPTED);
    expect(out()).not.toContain("Where the time went");
  });

  it("makes its cache anew when that can't be used", async () => {
    const broken = join(folder, "broken");
    const first = await openHandbook({ store: broken, signal, onProgress: () => undefined });
    await first.advisor.dispose();
    rmSync(join(broken, "_store.lance"), { recursive: true });
    const again = await openHandbook({ store: broken, signal, onProgress: () => undefined });
    await again.advisor.dispose();
    expect(again.report.added.length).toBeGreaterThan(30);
  });

  it("refuses options it does not know", async () => {
    const { err, code } = start(["--twice"]);
    expect(await code).toBe(2);
    expect(err()).toContain("--twice");
  });

  const samples: readonly [shows: string, role: RoleId, uri: string | undefined][] = [
    ["every employee may know", "employee", "hr/leave-norway.md"],
    ["for HR", "hr", "hr/salary-bands.md"],
    ["for HR", "employee", undefined],
    ["for Support", "support", "support/escalation.md"],
    ["for Support", "employee", undefined],
    ["for Finance", "finance", "finance/approval-limits.md"],
    ["for Finance", "employee", undefined],
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
});
