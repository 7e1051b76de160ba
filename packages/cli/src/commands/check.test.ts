import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HealthFinding, HealthReport } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { document, type FakeCore, fakeCore, PAGE_TEXT } from "../../test/fake-advisor.ts";
import { inFolder, json, plain, runCli } from "../../test/run-cli.ts";

const quote = "You get 27 days of leave a year.";
const start = PAGE_TEXT.indexOf(quote);
const place = { documentId: "d1", source: "/docs", uri: "people/leave.md" };
const contradiction: HealthFinding = {
  check: "contradiction",
  severity: "note",
  ...place,
  start,
  end: start + quote.length,
  quote,
  other: { documentId: "d2", source: "/docs", uri: "faq.html", start: 0, end: 4, quote: "25 days" },
  message: "It says 27 days where faq.html says 25 days",
  nextStep: "Find out which is right",
};
const link: HealthFinding = {
  check: "link",
  severity: "problem",
  ...place,
  start,
  end: start + 3,
  message: "There is no page gone.md",
  nextStep: "Correct the link",
};

function report(findings: readonly HealthFinding[]): HealthReport {
  const checks = ["review-date", "unreadable", "link", "near-duplicate", "contradiction"] as const;
  return {
    findings,
    checks: [
      ...checks.map((check) => ({
        check,
        found: findings.filter((finding) => finding.check === check).length,
        elapsedMs: 1,
      })),
      { check: "unreached", found: 0, elapsedMs: 0, skipped: "it needs questions that people ask" },
    ],
    documents: 2,
    chunks: 3,
    links: { checked: 4, external: 1, files: 2 },
    elapsedMs: 12,
  };
}

const checking = (findings: readonly HealthFinding[], seen: unknown[] = []) =>
  fakeCore({
    check: async (options) => {
      const { signal: _, ...rest } = options ?? {};
      seen.push(rest);
      return report(findings);
    },
    document: async (id) => (id === "d1" ? document() : undefined),
  });

function runChecked(argv: readonly string[], core: FakeCore, files: Record<string, string> = {}) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    return runCli(["check", ...argv], { core, cwd, columns: 100, env: { NO_COLOR: "1" } });
  });
}

describe("check", () => {
  it("groups the findings, with file and line, and fails on a problem", async () => {
    const ran = await runChecked([], checking([link, contradiction]));
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("Broken links  1 finding\n  problem  people/leave.md:6\n");
    expect(ran.out).toContain("Contradictions  1 finding\n  note     people/leave.md:6\n");
    expect(ran.out).toContain(`“${quote}”\n           faq.html: “25 days”`);
    expect(ran.out).toContain("Not checked: reached by no question (it needs questions that people ask)");
    expect(ran.out).toContain(
      "2 pages, 3 chunks and 4 links (1 to other sites and 2 to other files not followed)",
    );
    expect(ran.out).toMatch(/1 problem, 1 note\n$/);
  });

  it("does not fail on notes, nor when told not to", async () => {
    expect((await runChecked([], checking([contradiction]))).code).toBe(0);
    expect((await runChecked(["--no-fail"], checking([link]))).code).toBe(0);
    const clean = await runChecked([], checking([]));
    expect(clean).toMatchObject({ code: 0 });
    expect(clean.out).toMatch(/Nothing found\.\n$/);
  });

  it("prints the report as one JSON object, under the same exit code", async () => {
    const ran = await runChecked(["--json"], checking([link]));
    expect(ran.code).toBe(1);
    expect(json(ran)).toEqual(report([link]));
  });

  it("hands on the tenant and the questions of a file", async () => {
    const seen: unknown[] = [];
    const file = '{"id":1,"question":"How many days?"}\n\n{"id":"b","question":"Who?"}\n';
    await runChecked(["--tenant", "acme", "--questions", "q.jsonl"], checking([], seen), { "q.jsonl": file });
    expect(seen).toEqual([
      {
        principal: { tenant: "acme", roles: ["administrator"] },
        questions: [
          { id: 1, question: "How many days?" },
          { id: "b", question: "Who?" },
        ],
      },
    ]);
  });

  it("names the questions file or line that cannot be read", async () => {
    const missing = await runChecked(["--questions", "none.jsonl"], checking([]));
    expect(missing.code).toBe(2);
    expect(missing.err).toContain("--questions none.jsonl: cannot be read (no such file)");
    const broken = await runChecked(["--questions", "q"], checking([]), { q: '{"id":1}\n' });
    expect(broken.code).toBe(2);
    expect(broken.err).toContain("has no question");
  });

  it("lists twenty of a check unless asked for all", async () => {
    const many = Array.from({ length: 25 }, (_, i) => ({ ...link, uri: `p${i}.md`, documentId: `x${i}` }));
    const ran = await runChecked([], checking(many));
    expect(ran.out).toContain("  and 5 more; --verbose lists them\n");
    expect(ran.out).not.toContain("p20.md");
    expect((await runChecked(["--verbose"], checking(many))).out).toContain("p24.md");
  });

  it("cannot be made to write control sequences by a page", async () => {
    const ran = await runChecked(
      [],
      checking([{ ...contradiction, quote: "a\u001b[2Jb", uri: "x\u001b[2J.md" }]),
    );
    expect(ran.out).toBe(plain(ran.out));
  });

  it("needs a store", async () => {
    await inFolder(async (cwd) => {
      const ran = await runCli(["check"], { cwd });
      expect(ran.code).toBe(1);
      expect(ran.err).toContain("there is none yet");
    });
  });
});
