import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { DocumentReference, DocumentVersion } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { answer, document, type FakeCore, fakeCore, searchResult } from "../../test/fake-advisor.ts";
import { inFolder, json, plain, runCli } from "../../test/run-cli.ts";

const version = (over: Partial<DocumentVersion> = {}): DocumentVersion => ({
  documentId: "d1",
  uri: "people/leave.md",
  source: "/docs",
  title: "Leave",
  version: "0123456789abcdef",
  validFrom: "2026-03-05T10:00:00.000Z",
  chunks: 2,
  ...over,
});
const former = version({ validFrom: "2026-02-01T10:00:00.000Z", validTo: "2026-03-05T10:00:00.000Z" });

function runStored(argv: readonly string[], core: FakeCore) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return runCli(argv, { core, cwd, columns: 100, env: { NO_COLOR: "1" } });
  });
}

describe("history", () => {
  it("lists the versions of a page with instants that can be given back", async () => {
    const seen: unknown[] = [];
    const core = fakeCore({
      roles: ["hr"],
      versions: async (...asked) => {
        seen.push(asked);
        return [version(), former];
      },
    });
    const ran = await runStored(["history", "people/leave.md", "--role", "hr", "--source", "/docs"], core);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("people/leave.md  of /docs\n");
    expect(ran.out).toContain(
      "  2026-03-05T10:00:00.000Z  until now                       2 chunks  01234567",
    );
    expect(ran.out).toContain("  2026-02-01T10:00:00.000Z  until 2026-03-05T10:00:00.000Z  2 chunks");
    expect(seen).toEqual([
      [{ uri: "people/leave.md", source: "/docs" }, { principal: { tenant: "default", roles: ["hr"] } }],
    ]);
    expect(json(await runStored(["history", "x", "--json"], core)).versions).toEqual([version(), former]);
  });
});

describe("purge", () => {
  const purging = (asked: unknown[] = []) =>
    fakeCore({
      versions: async () => [version(), former],
      purge: async (pages, options) => {
        asked.push([pages, options?.principal]);
        const uris = (pages as readonly DocumentReference[]).map((page) => ("uri" in page ? page.uri : ""));
        return {
          purged: uris
            .filter((uri) => uri !== "never.md")
            .map((uri) => ({ documentId: "d1", uri, source: "/docs", versions: 2 })),
          skipped: uris.filter((uri) => uri === "never.md").map((uri) => ({ uri, reason: "not stored" })),
          elapsedMs: 5,
        };
      },
    });

  it("erases when it is told yes, and says what", async () => {
    const asked: unknown[] = [];
    const ran = await runStored(["purge", "a.md", "--yes", "--tenant", "acme"], purging(asked));
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("a.md, 2 versions, of /docs\n1 page erased in 5 ms\n");
    expect(asked).toEqual([[[{ uri: "a.md" }], { tenant: "acme", roles: ["administrator"] }]]);
    const partly = await runStored(["purge", "a.md", "never.md", "--yes", "--json"], purging());
    expect(partly.code).toBe(1);
    expect(json(partly)).toMatchObject({ purged: [{ uri: "a.md" }], skipped: [{ uri: "never.md" }] });
  });

  /** A terminal at which someone types this once they are asked. */
  const atTerminal = (typed: string, argv: readonly string[], core: FakeCore) =>
    inFolder((cwd) => {
      mkdirSync(join(cwd, ".advisor"));
      const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
      let out = "";
      return runCli(["purge", ...argv], {
        ...{ core, cwd, stdin, columns: 100, env: { NO_COLOR: "1" } },
        onOut: (text) => {
          out += text;
          if (!plain(out).endsWith("[y/N] ")) return;
          out = "";
          setImmediate(() => stdin.write(typed));
        },
      });
    });

  it.each(["y\r", "Yes\r", "  YES \r"])("erases at a terminal when %j is typed", async (typed) => {
    const asked: unknown[] = [];
    const ran = await atTerminal(typed, ["people/leave.md"], purging(asked));
    expect(plain(ran.out)).toMatch(
      /^people\/leave\.md, 2 versions, of \/docs\r?\n.*Erase it from every version\? \[y\/N\] /s,
    );
    expect(ran.out).toContain("1 page erased");
    expect(ran.code).toBe(0);
    expect(asked).toEqual([[[{ uri: "people/leave.md" }], { tenant: "default", roles: ["administrator"] }]]);
  });

  it.each([
    ["n", "n\r"],
    ["nothing", "\r"],
    ["yesterday", "yesterday\r"],
    ["Ctrl-C", "\u0003"],
    ["Ctrl-C after yes", "yes\u0003"],
    ["the end", "\u0004"],
  ])("erases nothing at a terminal when it is told %s", async (_, typed) => {
    const asked: unknown[] = [];
    const ran = await atTerminal(typed, ["people/leave.md"], purging(asked));
    expect(ran.out).toContain("Nothing was erased.\n");
    expect(ran.code).toBe(1);
    expect(asked).toEqual([]);
  });

  it("names each page before it asks, and asks nothing when there is none", async () => {
    const stored = [version(), former, version({ documentId: "d2", uri: "b.md\u001b[2J" })];
    const both = fakeCore({
      versions: async () => stored,
      purge: async () => ({ purged: [], skipped: [], elapsedMs: 1 }),
    });
    const ran = await atTerminal("n\r", ["people/leave.md"], both);
    expect(ran.out).toContain("people/leave.md, 2 versions, of /docs\n");
    expect(ran.out).toMatch(/b\.md.*, 1 version, of \/docs\n/);
    expect(ran.out).not.toContain("\u001b[2J");
    expect(plain(ran.out)).toContain("Erase them from every version? [y/N] ");

    const none = fakeCore({
      versions: async () => [],
      purge: async () => ({ purged: [], skipped: [{ uri: "never.md", reason: "not stored" }], elapsedMs: 1 }),
    });
    const quiet = await atTerminal("", ["never.md"], none);
    expect(quiet.code).toBe(1);
    expect(quiet.out).toContain("never.md: not stored\n");
    expect(quiet.out).not.toContain("[y/N]");
  });

  it("does nothing unasked where nobody can say yes", async () => {
    const asked: unknown[] = [];
    const ran = await runStored(["purge", "a.md"], purging(asked));
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("Add --yes if it is meant");
    expect(asked).toEqual([]);
  });
});

describe("--as-of", () => {
  it("is handed on, and each citation says when its version stood", async () => {
    const [citation] = answer().citations;
    const stood = { validFrom: former.validFrom, validTo: former.validTo as string };
    const seen: unknown[] = [];
    const core = fakeCore({
      ask: async () =>
        answer({ asOf: "2026-03-01T00:00:00.000Z", citations: citation ? [{ ...citation, ...stood }] : [] }),
      document: async (_, options) => {
        seen.push(options?.asOf);
        return document();
      },
      status: async () => {
        throw new Error("not needed");
      },
    });
    const ran = await runStored(["ask", "How many days?", "--as-of", "2026-03-01"], core);
    expect(ran.code).toBe(0);
    expect(core.asked[0]?.asOf).toEqual(new Date("2026-03-01T00:00:00Z"));
    expect(seen[0]).toEqual(new Date("2026-03-01T00:00:00Z"));
    expect(plain(ran.out).replace(/\s+/g, " ")).toContain(
      "version of 2026-02-01T10:00:00.000Z, stood until 2026-03-05T10:00:00.000Z",
    );
  });

  it.each([
    ["yesterday", /--as-of yesterday: must be a Date, a date such as/],
    ["2099-01-01", /--as-of 2099-01-01: it lies in the future/],
  ])("calls %s wrong use", async (time, message) => {
    const ran = await runCli(["search", "x", "--as-of", time]);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
  });

  it("reaches a search and its documents", async () => {
    const seen: unknown[] = [];
    const core = fakeCore({
      search: async (_, options) => {
        seen.push(options?.asOf);
        return searchResult();
      },
      document: async (_, options) => {
        seen.push(options?.asOf);
        return document();
      },
    });
    await runStored(["search", "leave", "--as-of", "2026-03-01T09:00:00+01:00"], core);
    expect(seen).toEqual([new Date("2026-03-01T08:00:00Z"), new Date("2026-03-01T08:00:00Z")]);
  });
});

describe("sync --keep-versions", () => {
  it("refuses what is no time", async () => {
    const ran = await runCli(["sync", "docs", "--keep-versions", "a month"]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("--keep-versions a month: must be none, forever, or a whole number");
  });
});
