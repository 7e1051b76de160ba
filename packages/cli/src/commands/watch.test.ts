import type { ChangeReport, WatchOptions } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { fakeCore } from "../../test/fake-advisor.ts";
import { inFolder, plain, runCli } from "../../test/run-cli.ts";

const report = (changes: Partial<ChangeReport>): ChangeReport => ({
  ...{
    added: [],
    changed: [],
    removed: [],
    unchanged: 0,
    skipped: [],
    chunks: 0,
    elapsedMs: 1,
    warnings: [],
  },
  ...changes,
});

/** An advisor whose watch tells some events and ends. */
const watching = (seen: [string, WatchOptions][]) =>
  fakeCore({
    watch: async (folder, options = {}) => {
      const { onEvent, onProgress: _p, signal: _s, ...rest } = options;
      seen.push([folder, rest]);
      const changed = report({
        added: ["a.md", "b.md", "c.md", "d.md"],
        removed: ["e\u001b[31m.md"],
        skipped: [{ uri: "bad.md", reason: "it is empty" }],
        warnings: [{ code: "ragged_row", message: "t.csv: row 2 is short" }],
      });
      onEvent?.({ type: "synced", report: report({ unchanged: 5 }), whole: true });
      onEvent?.({ type: "warning", warning: { code: "watch_polling", message: "looking instead" } });
      onEvent?.({ type: "synced", report: changed, whole: false });
      onEvent?.({ type: "failed", error: new Error("disk on fire"), retryInMs: 1500 });
      const end = async () => {};
      return { folder, polling: false, closed: Promise.resolve(), close: end, [Symbol.asyncDispose]: end };
    },
  });

describe("advisor watch", () => {
  it("says what was synced, then a line for each change and failure", async () => {
    await inFolder(async (cwd) => {
      const seen: [string, WatchOptions][] = [];
      const flags = ["--exclude", "drafts", "--include", "*.md", "--poll", "0.5", "--tenant", "t"];
      const core = watching(seen);
      const ran = await runCli(["watch", "docs", ...flags, "--keep-versions", "30d"], { cwd, core });
      expect(core.settings.at(-1)).toMatchObject({ keepVersions: "30d" });
      expect(ran.code).toBe(0);
      expect(seen).toEqual([
        [`${cwd}/docs`, { tenant: "t", exclude: ["drafts"], include: ["*.md"], pollMs: 500 }],
      ]);
      const out = plain(ran.out).replace(/\d\d:\d\d:\d\d/g, "TIME");
      expect(out).toContain("Synced docs");
      expect(out.split("\n").filter((line) => line.startsWith("TIME"))).toEqual([
        "TIME  looking instead",
        "TIME  added a.md, b.md, c.md and 1 more page",
        "TIME  removed e.md",
        "TIME  skipped bad.md: it is empty",
        "TIME  t.csv: row 2 is short",
        expect.stringMatching(/^TIME {2}advisor: disk on fire.* Trying again in 2 s\.$/),
      ]);
      expect(out).toContain("Watching docs. Ctrl-C ends it.");
    });
  });

  it("writes a line of JSON for each event of each folder", async () => {
    await inFolder(async (cwd) => {
      const ran = await runCli(["watch", "a", "b", "--json"], { cwd, core: watching([]) });
      const lines = ran.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.map(({ folder, type }) => `${folder} ${type}`)).toEqual(
        ["a", "b"].flatMap((folder) =>
          ["synced", "warning", "synced", "failed"].map((type) => `${folder} ${type}`),
        ),
      );
      expect(lines[3].error).toMatchObject({ code: "internal", reason: "disk on fire" });
    });
  });

  it("refuses one source for several folders, here as in sync, and a poll that is no time", async () => {
    await inFolder(async (cwd) => {
      for (const command of ["watch", "sync"]) {
        const ran = await runCli([command, "a", "b", "--source", "s", "--json"], { cwd, core: watching([]) });
        expect(ran.code).toBe(2);
        expect(JSON.parse(ran.err)).toMatchObject({
          error: { code: "invalid_request", subject: "--source s" },
        });
      }
      expect((await runCli(["watch", "a", "--poll", "often"], { cwd, core: watching([]) })).code).toBe(2);
    });
  });
});
