import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Passage } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { document, type FakeCore, fakeCore, passage, searchResult, status } from "../../test/fake-advisor.ts";
import { inFolder, json, plain, type RunOptions, runCli } from "../../test/run-cli.ts";

/** Runs a command where a store is. */
function runStored(argv: readonly string[], core: FakeCore, options: RunOptions = {}) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return runCli(argv, { core, cwd, ...options });
  });
}

const finding = (over: Parameters<typeof fakeCore>[0] = {}) =>
  fakeCore({ search: async () => searchResult(), document: async () => document(), ...over });

describe("search", () => {
  it("prints where each passage stands, and how it begins", async () => {
    const long = Array.from({ length: 80 }, (_, index) => `word${index}`).join(" ");
    const core = finding({
      search: async () => searchResult([passage(), passage({ id: "p2", text: long, headings: ["A", "B"] })]),
    });
    const ran = await runStored(["search", "how", "many", "days"], core, {
      columns: 80,
      env: { NO_COLOR: "1" },
    });
    expect(ran.code).toBe(0);
    const lines = ran.out.split("\n");
    expect(lines[0]).toBe(" 1  people/leave.md:6 › Leave");
    expect(lines[1]).toBe("    You get 27 days of leave a year. Ask your manager.");
    expect(lines[3]).toBe(" 2  people/leave.md:6 › A › B");
    expect(lines[7]).toMatch(/ …$/);
    expect(lines.at(-2)).toBe("2 passages in 13 ms");
    expect(core.calls).toEqual(["search how many days"]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);

    const full = await runStored(["search", "--full", "x"], core);
    expect(full.out.replace(/\s+/g, " ")).toContain(long);
  });

  it("calls a reranker with a search by one leg wrong use, since it would read nothing", async () => {
    const core = finding();
    const ran = await runStored(["search", "x", "--mode", "vector", "--reranker", "cross"], core);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(
      "--reranker with --mode vector: a reranker reads the passages of a hybrid search alone",
    );
    expect(core.calls).toEqual([]);
    expect((await runStored(["search", "x", "--mode", "hybrid", "--reranker", "cross"], core)).code).toBe(0);
  });

  it("names the page of a PDF, the rows of a table, and lines where they are known", async () => {
    const at = (uri: string, place: NonNullable<Passage["place"]>) =>
      passage({ uri, documentId: uri, headings: ["A"], place });
    const core = finding({
      search: async () =>
        searchResult([
          at("book.pdf", { unit: "page", first: 3, last: 3 }),
          at("prices.csv", { unit: "row", first: 7, last: 12 }),
          at("log.jsonl", { unit: "line", first: 2, last: 4 }),
          at("gone.jsonl", { unit: "line", first: 2, last: 4 }),
        ]),
      document: async (id) => (id === "gone.jsonl" ? undefined : { ...document(), uri: id }),
    });
    const ran = await runStored(["search", "x"], core, { env: { NO_COLOR: "1" } });
    expect(ran.out.split("\n").filter((line) => / › A$/.test(line))).toEqual([
      " 1  book.pdf, page 3 › A",
      " 2  prices.csv:6, rows 7–12 › A",
      " 3  log.jsonl:6 › A",
      " 4  gone.jsonl, lines 2–4 › A",
    ]);
    expect(json(await runStored(["search", "--json", "x"], core))).toMatchObject({
      passages: [{ place: { unit: "page", first: 3, last: 3 } }, {}, {}, {}],
    });
  });

  it("limits the pages, widens passages, names copies, and tells each step's time", async () => {
    const asked: unknown[] = [];
    const copy = {
      id: "p2",
      documentId: "d2",
      uri: "old/leave.md",
      title: "Old",
      source: "/docs",
      start: 0,
      end: 9,
    };
    const result = searchResult([passage({ copies: [copy, { ...copy, id: "p3", uri: "older/leave.md" }] })]);
    const core = finding({
      search: async (_, options) => {
        asked.push(options);
        return { ...result, timings: { keywordMs: 3.21, arrangeMs: 0.1, totalMs: 12.5 } };
      },
    });
    const flags = ["--where", "year>=2025", "--under", "people/", "--neighbours", "2", "--timings"];
    const ran = await runStored(["search", ...flags, "leave"], core, { env: { NO_COLOR: "1" } });
    expect(asked).toMatchObject([
      {
        filter: { and: [{ key: "year", gte: 2025 }, { uriPrefix: "people/" }] },
        neighbours: { before: 2, after: 2 },
      },
    ]);
    expect(ran.out).toContain("    The same in 2 other places: old/leave.md, older/leave.md\n");
    expect(ran.out.split("\n").slice(-4)).toEqual([
      "    3.2 ms  searched by words",
      "    0.1 ms  copies folded, places spread",
      "   12.5 ms  the search",
      "",
    ]);
    const wrong = await runStored(["search", "--neighbours", "21", "x"], core);
    expect(wrong.code).toBe(2);
    expect(json(await runStored(["search", "--json", "leave"], core))).toMatchObject({
      passages: [{ copies: [{ uri: "old/leave.md" }, { uri: "older/leave.md" }] }],
    });
  });

  it("prints one JSON object for machines", async () => {
    const ran = await runStored(["search", "--json", "leave"], finding());
    const { uri, title, text, score, start, end, headings, documentId } = passage();
    expect(json(ran)).toMatchObject({
      id: expect.any(String),
      passages: [{ uri, title, text, score, start, end, headings, documentId }],
      timings: { totalMs: 12.5 },
      warnings: [],
    });
  });

  it("says so when nothing was found", async () => {
    const nothing = (...tenants: { tenant: string; documents: number; chunks: number }[]) =>
      finding({
        search: async () => searchResult([]),
        status: async () => status({ store: { ...status().store, tenants } }),
      });
    const filled = { tenant: "default", documents: 2, chunks: 9 };
    const ran = await runStored(["search", "leave"], nothing(filled));
    expect(ran).toMatchObject({ code: 0, out: "Nothing found.\n\n0 passages in 13 ms\n", err: "" });

    const mistyped = await runStored(["search", "leave", "--tenant", "defualt"], nothing(filled));
    expect(mistyped.code).toBe(0);
    expect(mistyped.err).toContain("The tenant defualt has no pages; there are pages of default.");
    const unfilled = await runStored(["search", "leave", "--json"], nothing());
    expect(json(unfilled).warnings).toMatchObject([{ code: "tenant_empty" }]);
  });

  it("hands the principal, the mode and the number of passages on", async () => {
    const seen: unknown[] = [];
    const core = finding({
      roles: ["hr", "staff", "a,b"],
      search: async (_query, options) => {
        const { signal: _, ...rest } = options ?? {};
        seen.push(rest);
        return searchResult();
      },
    });
    await runStored(["search", "x"], core);
    await runStored(["search", "x", "--tenant", "acme"], core);
    const flags = [
      "--role",
      "staff,hr",
      "--role",
      "a\\,b",
      "--role",
      "hr",
      "--mode",
      "keyword",
      "--top-k",
      "9",
    ];
    await runStored(["search", "x", ...flags], core);
    expect(seen).toEqual([
      { principal: { tenant: "default", roles: ["administrator"] } },
      { principal: { tenant: "acme", roles: ["administrator"] } },
      { principal: { tenant: "default", roles: ["staff", "hr", "a,b"] }, mode: "keyword", topK: 9 },
    ]);
    expect(core.calls.filter((call) => call.startsWith("roles"))).toEqual(["roles default"]);
  });

  it("refuses a role that no page names, and lists those there are", async () => {
    const core = finding({ roles: ["hr", "staff"] });
    const ran = await runStored(["search", "x", "--role", "staf"], core);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/--role staf: .*Use one of hr, staff, administrator\./);
    expect(core.calls).toEqual(["roles default"]);
  });

  it("names the store that is missing, and the way to make it", async () => {
    await inFolder(async (cwd) => {
      const ran = await runCli(["search", "x", "--store", "kb", "--tenant", "acme"], { cwd });
      expect(ran.code).toBe(1);
      expect(ran.err).toContain(`store ${join(cwd, "kb")}: there is none yet`);
      expect(ran.err).toContain("`advisor sync FOLDER --store kb --tenant acme`");
    });
  });

  it.each([
    [[], /advisor search: the question is missing/],
    [["  "], /the question is missing/],
    [["x", "--mode", "hybird"], /--mode hybird: .*Use one of hybrid, vector, keyword/],
    [["x", "--top-k", "0"], /--top-k 0: must be a whole number from 1 to 200/],
    [["x", "--top-k", "many"], /--top-k many: must be a whole number/],
    [["x", "--top-k", "1.5"], /must be a whole number/],
    [["x", "--role", ""], /--role.*must not be empty/],
    [["x", "--tenant", ""], /tenant.*must not be empty/],
    [["x", "--batch", "f"], /--batch f: a question stands beside it/],
    [["--batch", "f", "--concurrency", "0"], /--concurrency 0: must be/],
  ])("calls search %j wrong use", async (argv, message) => {
    const ran = await runCli(["search", ...argv]);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
  });

  it("cannot be made to write control sequences by a page", async () => {
    const hostile = passage({ text: "a\u001b]0;owned\u0007b", uri: "x\u001b[2J.md", headings: ["h\u202eh"] });
    const core = finding({ search: async () => searchResult([hostile]), document: async () => undefined });
    const ran = await runStored(["search", "x"], core, { columns: 80, env: { NO_COLOR: "1" } });
    expect(ran.out).toBe(plain(ran.out));
    expect(ran.out).toContain(" 1  x.md › hh\n    ab\n");
  });
});
