import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Access,
  ADMINISTRATOR,
  DEFAULT_PRINCIPAL,
  type Principal,
  permits,
  type SearchMode,
} from "@advisor/contracts";
import { createFakeEmbedder, describeHistory, describeRetriever } from "@advisor/contracts/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KnowledgeSettings, openKnowledge } from "./knowledge.ts";
import type { KeywordClause } from "./store/lance.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "knowledge-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (settings: Partial<KnowledgeSettings> = {}) =>
  openKnowledge({ location: join(folder, "store"), embedder: createFakeEmbedder(), ...settings });
const admin = DEFAULT_PRINCIPAL;
const modes: readonly SearchMode[] = ["hybrid", "vector", "keyword"];

const anew = async () =>
  openKnowledge({
    location: join(await mkdtemp(join(folder, "contract-")), "store"),
    embedder: createFakeEmbedder(),
  });
describeRetriever("LanceDB", anew);
describeHistory("LanceDB", anew);

describe("access", () => {
  /** Role names as hostile as the schema lets them be. */
  const odd = [
    "hr",
    "HR",
    "h",
    "hr'",
    "hr''",
    "' OR true --",
    "'); DROP TABLE x; --",
    "a,b",
    "[hr]",
    "hr\\",
    '"',
    "%",
    "_",
    "é",
    "é",
    "👍",
    "null",
    "*",
    "$1",
    "x".repeat(256),
    "administrators",
    "'administrator'",
  ];
  const role = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...odd) },
    {
      weight: 1,
      arbitrary: fc
        .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
        .map((s) => s.trim())
        .filter((s) => s !== "" && !/\p{Cc}|\p{Cs}/u.test(s)),
    },
  );
  const roles = fc.uniqueArray(role, { maxLength: 4 });

  test("whatever the rules and whoever asks, a search finds exactly what the oracle permits, on every leg", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(roles, { minLength: 1, maxLength: 25 }),
        fc.array(fc.oneof(roles, fc.constant([ADMINISTRATOR])), { minLength: 1, maxLength: 6 }),
        fc.constantFrom("default", "o'brien", "' OR 1=1 --"),
        async (rules, principals, tenant) => {
          const location = await mkdtemp(join(folder, "graph-"));
          await using knowledge = await openKnowledge({ location, embedder: createFakeEmbedder() });
          const access = rules.map((allowed): Access => ({ tenant, roles: allowed }));
          const documents = access.map((rule, i) => ({
            uri: `d${i}`,
            text: `The zebra number ${i} eats grass.`,
            roles: [...rule.roles],
          }));
          await knowledge.upsert(documents, { tenant });
          for (const held of principals) {
            for (const principal of [
              { tenant, roles: held },
              { tenant: "another", roles: held },
            ] satisfies Principal[]) {
              const expected = documents
                .filter((_, i) => permits(access[i] as Access, principal))
                .map(({ uri }) => uri);
              for (const mode of modes) {
                const { passages } = await knowledge.search({
                  query: "zebra grass",
                  principal,
                  mode,
                  topK: 200,
                });
                expect(passages.map(({ uri }) => uri).sort()).toEqual(expected.sort());
              }
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test("what one may not read changes nothing in what one is given but its order", async () => {
    await using knowledge = await open();
    await knowledge.upsert([{ uri: "mine", text: "The zebra eats grass.", roles: ["hr"] }]);
    const ask = async () =>
      (await knowledge.search({ query: "zebra", principal: { tenant: "default", roles: ["hr"] } })).passages;
    const before = await ask();
    await knowledge.upsert([{ uri: "theirs", text: "zebra zebra zebra", roles: ["it"] }]);
    expect(await ask()).toEqual(before);
  });

  test("a rule taken back holds for a reader that was open before", async () => {
    await using writer = await open();
    await writer.upsert([{ uri: "a", text: "The zebra.", roles: ["hr"] }]);
    await using reader = await open({ create: false });
    const principal = { tenant: "default", roles: ["hr"] };
    expect((await reader.search({ query: "zebra", principal })).passages).toHaveLength(1);
    await writer.upsert([{ uri: "a", text: "The zebra.", roles: ["it"] }]);
    for (const mode of modes)
      expect((await reader.search({ query: "zebra", principal, mode })).passages).toEqual([]);
  });
});

describe("hybrid search", () => {
  test("spreads the first places over documents that are near each other; a search by one leg does not", async () => {
    await using knowledge = await open({ vectorWeight: 0 });
    const section = (grass: string, i: number) => `## ${i}\n\nThe zebra ${grass}.`;
    await knowledge.upsert([
      { uri: "long", text: ["grass grass grass", "grass grass", "grass"].map(section).join("\n\n") },
      { uri: "short", text: section("sees the grass, the water and the tall trees", 9) },
    ]);
    const order = async (mode: SearchMode) =>
      (await knowledge.search({ query: "zebra grass", principal: admin, mode })).passages.map(
        ({ uri }) => uri,
      );
    expect(await order("keyword")).toEqual(["long", "long", "long", "short"]);
    expect(await order("hybrid")).toEqual(["long", "long", "short", "long"]);
  });
});

describe("keyword search", () => {
  test("finds identifiers exactly and first, and words by their stems", async () => {
    await using knowledge = await open();
    await knowledge.upsert([
      { uri: "a", text: "The pump stops with error E-4012 when it runs hot." },
      {
        uri: "b",
        text: "The error E-4013 stops the pump; error 4012 is of another machine, E stands for error.",
      },
      { uri: "c", text: "Start it with --dry-run, or set max_retry_count in v1.2.3." },
      { uri: "d", text: "A dry run of the max retry count, version 1 2 3." },
    ]);
    const first = async (query: string) =>
      (await knowledge.search({ query, principal: admin, mode: "keyword" })).passages[0]?.uri;
    expect(await first("what is error E-4012?")).toBe("a");
    expect(await first("e-4013")).toBe("b");
    expect(await first("--dry-run")).toBe("c");
    expect(await first("max_retry_count")).toBe("c");
    expect(await first("v1.2.3")).toBe("c");
    expect(await first("stopping pumps")).toMatch(/[ab]/);
  });

  test("title and headings count as words of the passage", async () => {
    await using knowledge = await open();
    await knowledge.upsert([{ uri: "a", text: "---\ntitle: Refunds\n---\n# Deadlines\n\nFourteen days." }]);
    for (const query of ["refund", "deadline", "fourteen"]) {
      expect((await knowledge.search({ query, principal: admin, mode: "keyword" })).passages).toHaveLength(1);
    }
  });

  test("what others call a thing is found by it, after what is called so", async () => {
    await using knowledge = await open();
    await knowledge.upsert([
      { uri: "a", text: "Everyone has 25 days of leave." },
      { uri: "b", text: "The warehouse is open on all days." },
      { uri: "c", text: "A vacation of three weeks needs a deputy." },
    ]);
    const { passages } = await knowledge.search({
      query: "how much vacation?",
      principal: admin,
      mode: "keyword",
    });
    expect(passages.map(({ uri }) => uri)).toEqual(["c", "a"]);
  });

  test("scores are the same to the last bit at every search, so equals keep their order", async () => {
    await using knowledge = await open();
    const words = ["holiday", "pay", "leave", "days", "salary", "absence", "sick", "week"];
    const page = (i: number) =>
      `# ${words[i % 8]} ${words[(i * 3) % 8]}\n\n${words.map((word, j) => `${word} `.repeat((i * (j + 3)) % 5)).join("")}`;
    await knowledge.upsert(Array.from({ length: 80 }, (_, i) => ({ uri: `d${i}`, text: page(i) })));
    const { openDatabase } = await import("./store/lance.ts");
    const database = await openDatabase(join(folder, "store"));
    const name = (await database.tableNames()).find((table) => table.startsWith("tenant-")) ?? "";
    const table = await database.open(name);
    const clauses = [
      { words: "holiday pay days", column: "terms", boost: 1 },
      { words: "holiday pay days", column: "context", boost: 1 },
      { words: "leave absence salary", column: "terms", boost: 0.6 },
      { words: "leave absence salary", column: "context", boost: 0.6 },
    ] as const;
    const scores = async () => {
      const rows = (await table?.keyword(clauses, "kind = 'chunk'", 80, ["id"])) ?? [];
      return JSON.stringify(rows.map(({ id, _score }) => [id, _score]).sort());
    };
    const found = await Promise.all(Array.from({ length: 30 }, scores));
    expect(JSON.parse(found[0] ?? "[]").length).toBeGreaterThan(50);
    expect(new Set(found).size).toBe(1);
    table?.close();
    database.close();
  });

  test("a score is the sum of what each clause finds, whatever their order and whoever asks", async () => {
    await using knowledge = await open();
    const words = ["holiday", "pay", "leave", "days", "salary", "absence", "sick", "week"];
    const page = (i: number) =>
      `# ${words[i % 8]} ${words[(i * 3) % 8]}\n\n${words.map((word, j) => `${word} `.repeat((i * (j + 3)) % 5)).join("")}`;
    const roles = (i: number) => (i % 3 === 0 ? ["hr"] : ["hr", "staff"]);
    await knowledge.upsert(
      Array.from({ length: 40 }, (_, i) => ({ uri: `d${i}`, text: page(i), roles: roles(i) })),
    );
    const { openDatabase } = await import("./store/lance.ts");
    const { chunkFilter } = await import("./store/filter.ts");
    const database = await openDatabase(join(folder, "store"));
    const name = (await database.tableNames()).find((table) => table.startsWith("tenant-")) ?? "";
    const table = await database.open(name);
    const scoresOf = async (clauses: readonly KeywordClause[], filter: string) =>
      new Map(
        (await table?.keyword(clauses, filter, 100, ["id"]))?.map(({ id, _score }) => [
          String(id),
          Number(_score),
        ]),
      );
    const clause = fc.record({
      words: fc.subarray(words, { minLength: 1, maxLength: 4 }).map((some) => some.join(" ")),
      column: fc.constantFrom("terms", "context", "identifiers"),
      boost: fc.constantFrom(0.3, 0.6, 1, 3),
    });
    const asked = fc
      .array(clause, { minLength: 1, maxLength: 5 })
      .chain((clauses) => fc.shuffledSubarray(clauses, { minLength: clauses.length }));
    await fc.assert(
      fc.asyncProperty(asked, fc.constantFrom("hr", "staff", "nobody"), async (clauses, role) => {
        const filter = chunkFilter({ tenant: "default", roles: [role] });
        const sum = new Map<string, number>();
        for (const each of clauses)
          for (const [id, score] of await scoresOf([each], filter)) sum.set(id, (sum.get(id) ?? 0) + score);
        const found = await scoresOf(clauses, filter);
        expect([...found.keys()].sort()).toEqual([...sum.keys()].sort());
        for (const [id, score] of found) expect(score).toBeCloseTo(sum.get(id) ?? 0, 4);
      }),
      { numRuns: 25 },
    );
    table?.close();
    database.close();
  });

  test("after changes and removals it ranks as a store made anew", async () => {
    const page = (i: number, round: number) => ({
      uri: `d${i}`,
      text: `Page ${i} of round ${round}: ${["zebra", "lion", "grass", "water", "tree"].slice(0, 1 + ((i * 7 + round) % 5)).join(" ")} ${"filler ".repeat((i * 3) % 11)}`,
    });
    await using knowledge = await open();
    for (let round = 0; round < 3; round++)
      await knowledge.upsert(Array.from({ length: 30 }, (_, i) => page(i, round)));
    await knowledge.remove(["d3", "d4"]);
    await using fresh = await open({ location: join(folder, "fresh") });
    await fresh.upsert(
      Array.from({ length: 30 }, (_, i) => page(i, 2)).filter(({ uri }) => uri !== "d3" && uri !== "d4"),
    );
    for (const query of ["zebra", "lion water", "tree of filler", "round 2"]) {
      const ranked = (await knowledge.search({ query, principal: admin, mode: "keyword", topK: 30 }))
        .passages;
      const anew = (await fresh.search({ query, principal: admin, mode: "keyword", topK: 30 })).passages;
      expect(ranked.map(({ id, score }) => [id, score])).toEqual(anew.map(({ id, score }) => [id, score]));
    }
  });
});

describe("the store", () => {
  const filled = async () => {
    await using knowledge = await open();
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
  };
  const zebra = async (settings: Partial<KnowledgeSettings> = {}) => {
    await using knowledge = await open({ create: false, ...settings });
    return (await knowledge.search({ query: "zebra", principal: admin })).passages.map(({ uri }) => uri);
  };
  const hashOf = async (path: string) => {
    const hash = createHash("sha256");
    for (const entry of (await readdir(path, { recursive: true, withFileTypes: true })).sort((a, b) =>
      join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
    )) {
      if (entry.isFile()) hash.update(entry.name).update(await readFile(join(entry.parentPath, entry.name)));
    }
    return hash.digest("hex");
  };
  const tableFolder = async (prefix: string) => {
    const name = (await readdir(join(folder, "store"))).find((entry) => entry.startsWith(prefix));
    return join(folder, "store", name ?? "");
  };

  test("is there again when it is opened anew", async () => {
    await filled();
    expect(await zebra()).toEqual(["a"]);
  });

  test("missing, and not to be made: says so, and makes nothing", async () => {
    await expect(open({ create: false })).rejects.toMatchObject({ code: "store_missing" });
    await mkdir(join(folder, "store"));
    await expect(open({ create: false })).rejects.toMatchObject({ code: "store_missing" });
    expect(await readdir(join(folder, "store"))).toEqual([]);
  });

  test("a file in its place is wrong use", async () => {
    await writeFile(join(folder, "store"), "x");
    await expect(open()).rejects.toMatchObject({ code: "invalid_setting" });
    await expect(open({ create: false })).rejects.toMatchObject({ code: "invalid_setting" });
  });

  test("made with another embedder: refused, naming both, and unchanged", async () => {
    await filled();
    const before = await hashOf(join(folder, "store"));
    const other = createFakeEmbedder({ id: "other-embedder" });
    await expect(open({ embedder: other })).rejects.toMatchObject({
      code: "store_embedder_mismatch",
      message: expect.stringMatching(
        /made with the embedder fake-embedder.*other-embedder.*Open it with fake-embedder, or bring it to the other embedder with reembed/,
      ),
    });
    await expect(open({ embedder: createFakeEmbedder({ dimensions: 32 }) })).rejects.toMatchObject({
      code: "store_embedder_mismatch",
    });
    expect(await hashOf(join(folder, "store"))).toBe(before);
    expect(await zebra()).toEqual(["a"]);
  });

  test.each([
    ["2", "older format 2, and this version reads format 4. Remove the folder, or name another"],
    ["5", "newer format 5, and this version reads format 4. Update this program, or name another"],
  ])("of format %s: refused", async (format, message) => {
    const { openDatabase } = await import("./store/lance.ts");
    await mkdir(join(folder, "store"));
    const database = await openDatabase(join(folder, "store"));
    await database.writeSettings(
      "_store",
      new Map([
        ["format", format],
        ["embedder", "fake-embedder"],
        ["dimensions", "64"],
      ]),
    );
    database.close();
    await expect(open()).rejects.toMatchObject({
      code: "store_version",
      message: expect.stringContaining(message),
    });
  });

  test("whose description is gone or damaged, or whose table is: corrupt, with the next step", async () => {
    await filled();
    const copy = join(folder, "copy");
    await cp(join(folder, "store"), copy, { recursive: true });
    const restore = async () => {
      await rm(join(folder, "store"), { recursive: true });
      await cp(copy, join(folder, "store"), { recursive: true });
    };
    const corrupt = { code: "store_corrupt", message: expect.stringContaining("backup") };

    await rm(await tableFolder("_store"), { recursive: true });
    await expect(open()).rejects.toMatchObject(corrupt);
    await restore();
    await rm(join(await tableFolder("_store"), "data"), { recursive: true });
    await expect(open()).rejects.toMatchObject(corrupt);
    await restore();
    for (const file of await readdir(join(await tableFolder("tenant-"), "_versions"))) {
      await truncate(join(await tableFolder("tenant-"), "_versions", file), 10);
    }
    await expect(zebra()).rejects.toMatchObject(corrupt);
    await restore();
    await rm(join(await tableFolder("tenant-"), "_versions"), { recursive: true });
    await expect(zebra()).rejects.toMatchObject(corrupt);
    await expect(filled()).rejects.toMatchObject(corrupt);
    await restore();
    await rm(join(await tableFolder("tenant-"), "data"), { recursive: true });
    await expect(zebra()).rejects.toMatchObject(corrupt);
    await restore();
    expect(await zebra()).toEqual(["a"]);
  });

  test("a table whose making was killed before its first commit is made anew", async () => {
    await (await open()).dispose();
    const name = `tenant-${createHash("sha256").update("default").digest("hex").slice(0, 40)}.lance`;
    await mkdir(join(folder, "store", name, "data"), { recursive: true });
    expect(await zebra()).toEqual([]);
    await filled();
    expect(await zebra()).toEqual(["a"]);
  });

  test("a failing embedder fails the call and loses nothing", async () => {
    const embedder = createFakeEmbedder();
    await using knowledge = await open({ embedder });
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    embedder.failNext(new Error("out of order"));
    await expect(
      knowledge.upsert([
        { uri: "a", text: "Changed zebra." },
        { uri: "b", text: "New zebra." },
      ]),
    ).rejects.toThrow("out of order");
    expect(
      (await knowledge.search({ query: "zebra", principal: admin })).passages.map(({ text }) => text),
    ).toEqual(["The zebra is striped."]);
    await knowledge.upsert([{ uri: "a", text: "Changed zebra." }]);
    expect(
      (await knowledge.search({ query: "zebra", principal: admin })).passages.map(({ text }) => text),
    ).toEqual(["Changed zebra."]);
  });

  test("many writes leave few pieces, and old versions do not pile up for ever", async () => {
    await using knowledge = await open();
    for (let i = 0; i < 40; i++) await knowledge.upsert([{ uri: `d${i % 5}`, text: `Zebra ${i}.` }]);
    expect((await readdir(join(await tableFolder("tenant-"), "data"))).length).toBeLessThan(200);
    expect((await knowledge.status()).tenants).toEqual([{ tenant: "default", documents: 5, chunks: 5 }]);
  });

  test("settings that mean nothing are refused by name", async () => {
    await expect(open({ vectorWeight: 2 })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringContaining("vectorWeight"),
    });
    await expect(open({ embedder: {} as never })).rejects.toMatchObject({ code: "invalid_setting" });
    await expect(openKnowledge({ location: "" } as never)).rejects.toMatchObject({ code: "invalid_setting" });
  });
});
