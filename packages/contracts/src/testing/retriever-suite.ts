import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADMINISTRATOR, DEFAULT_PRINCIPAL, type Principal } from "../access.ts";
import type { Metadata } from "../document.ts";
import { type Filter, matchesFilter } from "../filter.ts";
import type { Retriever, SearchMode } from "../retriever.ts";

/** What every {@link Retriever} must do. `make` gives an empty one at each call. */
export function describeRetriever(name: string, make: () => Promise<Retriever>): void {
  describe(`retriever contract: ${name}`, () => {
    let retriever: Retriever;
    let folder: string;
    beforeEach(async () => {
      retriever = await make();
      folder = await mkdtemp(join(tmpdir(), "retriever-suite-"));
    });
    afterEach(async () => {
      await retriever.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    const modes: readonly SearchMode[] = ["hybrid", "vector", "keyword"];
    const admin = DEFAULT_PRINCIPAL;
    const as = (...roles: string[]): Principal => ({ tenant: "default", roles });
    const put = async (files: Record<string, string>) => {
      for (const [uri, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, uri)), { recursive: true });
        await writeFile(join(folder, uri), text);
      }
    };
    const uris = async (query: string, principal = admin, mode: SearchMode = "hybrid", topK = 10) =>
      (await retriever.search({ query, principal, mode, topK })).passages.map((passage) => passage.uri);
    const doc = (uri: string, text: string, roles?: string[]) => ({ uri, text, ...(roles ? { roles } : {}) });

    test("an empty store answers with nothing", async () => {
      for (const mode of modes) expect(await uris("anything", admin, mode)).toEqual([]);
      expect(await retriever.document("0123", admin)).toBeUndefined();
      expect(await retriever.roles("default")).toEqual([]);
      expect((await retriever.status()).tenants).toEqual([]);
    });

    test("finds what was put in, with offsets that hold in the document", async () => {
      const report = await retriever.upsert([
        doc(
          "a.md",
          "---\ntitle: Holidays\n---\n# Leave\n\nEveryone has thirty days of leave. Ask your manager.",
        ),
        doc("b.md", "# Travel\n\nTrains are preferred over planes."),
      ]);
      expect(report).toMatchObject({
        added: ["a.md", "b.md"],
        changed: [],
        removed: [],
        unchanged: 0,
        skipped: [],
      });
      expect(report.chunks).toBeGreaterThanOrEqual(2);
      for (const mode of modes) {
        const { passages } = await retriever.search({ query: "days of leave", principal: admin, mode });
        const [first] = passages;
        expect(first).toMatchObject({ uri: "a.md", title: "Holidays" });
        for (const passage of passages) {
          const document = await retriever.document(passage.documentId, admin);
          expect(document?.text.slice(passage.start, passage.end)).toBe(passage.text);
          expect(document?.version).toBe(passage.version);
        }
        const scores = passages.map((passage) => passage.score);
        expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
      }
    });

    test("a document replaced leaves nothing of its former text, and one removed nothing at all", async () => {
      await retriever.upsert([doc("a.md", "The zebra is striped."), doc("b.md", "The lion is not.")]);
      const again = await retriever.upsert([doc("a.md", "The giraffe is spotted.")]);
      expect(again).toMatchObject({ added: [], changed: ["a.md"] });
      expect(await uris("zebra striped", admin, "keyword")).not.toContain("a.md");
      expect((await uris("giraffe", admin, "keyword"))[0]).toBe("a.md");
      const removed = await retriever.remove(["a.md", "never.md"]);
      expect(removed.removed).toEqual(["a.md"]);
      expect(removed.skipped.map(({ uri }) => uri)).toEqual(["never.md"]);
      for (const mode of modes) expect(await uris("giraffe", admin, mode)).not.toContain("a.md");
      expect((await retriever.status()).tenants).toMatchObject([{ tenant: "default", documents: 1 }]);
    });

    test("the same document again is unchanged", async () => {
      await retriever.upsert([doc("a.md", "One thing.")]);
      expect(await retriever.upsert([doc("a.md", "One thing.")])).toMatchObject({
        changed: [],
        unchanged: 1,
        chunks: 0,
      });
    });

    test("no rule means administrators alone; a rule means its roles and administrators", async () => {
      await retriever.upsert([
        doc("open.md", "The salary table for everyone.", ["staff"]),
        doc("hr.md", "The salary table for the hr people.", ["hr"]),
        doc("none.md", "The salary table for no one."),
      ]);
      for (const mode of modes) {
        const seen = async (principal: Principal) => (await uris("salary table", principal, mode)).sort();
        expect(await seen(as("staff"))).toEqual(["open.md"]);
        expect(await seen(as("hr", "staff"))).toEqual(["hr.md", "open.md"]);
        expect(await seen(as(ADMINISTRATOR))).toEqual(["hr.md", "none.md", "open.md"]);
        expect(await seen(as())).toEqual([]);
        expect(await seen(as("HR"))).toEqual([]);
        expect(await seen(as("h"))).toEqual([]);
        expect(await seen({ tenant: "other", roles: [ADMINISTRATOR, "hr"] })).toEqual([]);
      }
      expect(await retriever.roles("default")).toEqual(["hr", "staff"]);
    });

    test("a document is handed out only to who may read it", async () => {
      await retriever.upsert([doc("hr.md", "The salary table.", ["hr"])]);
      const [passage] = (await retriever.search({ query: "salary", principal: admin })).passages;
      const id = passage?.documentId ?? "";
      expect((await retriever.document(id, as("hr")))?.access).toEqual({ tenant: "default", roles: ["hr"] });
      expect(await retriever.document(id, as("staff"))).toBeUndefined();
      expect(await retriever.document(id, { tenant: "other", roles: [ADMINISTRATOR] })).toBeUndefined();
    });

    test("tenants do not meet", async () => {
      await retriever.upsert([doc("a.md", "The zebra of one.")], { tenant: "one" });
      await retriever.upsert([doc("a.md", "The zebra of two.")], { tenant: "Two'; --" });
      const search = (tenant: string) =>
        retriever.search({ query: "zebra", principal: { tenant, roles: [ADMINISTRATOR] } });
      expect((await search("one")).passages.map(({ text }) => text)).toEqual(["The zebra of one."]);
      expect((await search("Two'; --")).passages.map(({ text }) => text)).toEqual(["The zebra of two."]);
      expect((await search("default")).passages).toEqual([]);
      expect((await retriever.status()).tenants.map(({ tenant }) => tenant)).toEqual(["Two'; --", "one"]);
      await retriever.remove(["a.md"], { tenant: "one" });
      expect((await search("Two'; --")).passages).toHaveLength(1);
    });

    test("a filter starves nobody: the permitted few are found among many", async () => {
      const many = Array.from({ length: 60 }, (_, i) =>
        doc(`x${i}.md`, `The zebra number ${i} eats grass.`, ["staff"]),
      );
      const few = Array.from({ length: 3 }, (_, i) =>
        doc(`y${i}.md`, `A zebra called ${i}, far down in any list.`, ["hr"]),
      );
      await retriever.upsert([...many, ...few]);
      for (const mode of modes) {
        expect((await uris("zebra eats grass", as("hr"), mode, 5)).sort()).toEqual([
          "y0.md",
          "y1.md",
          "y2.md",
        ]);
      }
    });

    describe("filters, counts and facets", () => {
      const pages = [
        {
          uri: "a/1.md",
          text: "The zebra of one.",
          metadata: { year: 2024, tags: ["x", "y"], draft: false },
        },
        {
          uri: "a/2.md",
          text: "The zebra of two.",
          metadata: { year: 2025.5, tags: ["y"], day: "2026-03-01" },
        },
        {
          uri: "b/3.md",
          text: "The zebra of three.",
          metadata: { year: "2024", day: "2026-03-01T12:00:00Z" },
        },
        { uri: "b/4.md", text: "The zebra of four.", metadata: { year: -3, tags: [], note: null } },
      ];
      const cases: readonly (readonly [string, Filter, readonly number[]])[] = [
        ["a number is not its text", { key: "year", equals: 2024 }, [1]],
        ["nor a text its number", { key: "year", equals: "2024" }, [3]],
        ["an item of a list", { key: "tags", equals: "y" }, [1, 2]],
        ["one of several", { key: "year", in: ["2024", -3, true] }, [3, 4]],
        ["false is a value", { key: "draft", equals: false }, [1]],
        ["null is a value", { key: "note", equals: null }, [4]],
        ["and does not exist", { key: "note", exists: true }, []],
        ["existing", { key: "day", exists: true }, [2, 3]],
        ["not existing", { key: "tags", exists: false }, [3, 4]],
        ["a range of numbers", { key: "year", gt: -3, lt: 2025.5 }, [1]],
        ["its bounds included", { key: "year", gte: -3, lte: 2025.5 }, [1, 2, 4]],
        ["an empty range", { key: "year", gt: 5, lt: 5 }, []],
        ["a day, whole", { key: "day", lte: "2026-03-01" }, [2, 3]],
        ["after a day", { key: "day", gt: "2026-03-01" }, []],
        ["from a moment on", { key: "day", gte: "2026-03-01T12:00:00Z" }, [3]],
        ["not", { not: { key: "year", equals: 2024 } }, [2, 3, 4]],
        [
          "and",
          {
            and: [
              { key: "tags", equals: "y" },
              { key: "year", gt: 2024 },
            ],
          },
          [2],
        ],
        [
          "or",
          {
            or: [
              { key: "year", lt: 0 },
              { key: "draft", exists: true },
            ],
          },
          [1, 4],
        ],
        ["the beginning of a uri", { uriPrefix: "b/" }, [3, 4]],
        ["a source", { source: "upsert" }, [1, 2, 3, 4]],
        ["another source", { source: "upser" }, []],
        ["an unknown document", { documentIds: ["0123"] }, []],
        ["SQL is text", { key: "year' OR 1=1 --", equals: "' OR 1=1 --" }, []],
      ];
      const numberIn = (uri: string) => Number(/\d/.exec(uri)?.[0]);
      beforeEach(() => retriever.upsert(pages, { defaultRoles: ["staff"] }));

      test("each condition means what the oracle says, for a search of every mode and for a count", async () => {
        const every = pages.map(({ uri, metadata }) => ({ id: "", source: "upsert", uri, metadata }));
        for (const [name, filter, expected] of cases) {
          const meant = every.filter((page) => matchesFilter(filter, page)).map(({ uri }) => numberIn(uri));
          expect(meant, name).toEqual(expected);
          for (const mode of modes) {
            const request = { query: "zebra", principal: as("staff"), mode, filter };
            const { passages } = await retriever.search(request);
            expect(passages.map(({ uri }) => numberIn(uri)).sort(), name).toEqual(expected);
          }
          if (!retriever.count) continue;
          const { length } = expected;
          const seen = await retriever.count({ principal: as("staff"), filter });
          expect(seen, name).toEqual({ documents: length, passages: length });
          expect(await retriever.count({ principal: as("hr"), filter })).toEqual({
            documents: 0,
            passages: 0,
          });
        }
      });

      test("documents by id, and none beyond one's rights", async () => {
        await retriever.upsert([doc("hr.md", "The zebra of hr.", ["hr"])]);
        const { passages } = await retriever.search({ query: "zebra hr", principal: admin });
        const ids = passages.map(({ documentId }) => documentId);
        const filter = { documentIds: ids };
        const seen = await retriever.search({ query: "zebra", principal: as("hr"), filter });
        expect(seen.passages.map(({ uri }) => uri)).toEqual(["hr.md"]);
      });

      test("a filter starves nobody: its few are found among many", async () => {
        await retriever.upsert(
          Array.from({ length: 80 }, (_, i) => doc(`z${i}.md`, `Zebra zebra of ${i}.`, ["staff"])),
        );
        for (const mode of modes) {
          const filter = { key: "tags", exists: true } as const;
          const { passages } = await retriever.search({
            query: "zebra",
            principal: as("staff"),
            mode,
            filter,
          });
          expect(passages.map(({ uri }) => uri).sort()).toEqual(["a/1.md", "a/2.md"]);
        }
      });

      test("facets count what the principal may read, under the filter", async () => {
        if (!retriever.facets) return;
        await retriever.upsert([
          { ...doc("hr.md", "Pay.", ["hr", "staff"]), metadata: { tags: ["z", "y"] } },
        ]);
        await retriever.upsert([{ ...doc("boss.md", "Boss."), metadata: { tags: ["z"], secret: 1 } }]);
        const by = ["source", "role", { key: "tags" }, { key: "secret" }] as const;
        const facets = await retriever.facets({ principal: as("staff"), by: [...by] });
        expect(facets).toEqual({
          documents: 5,
          facets: [
            { by: "source", values: [{ value: "upsert", documents: 5 }], moreValues: 0, without: 0 },
            { by: "role", values: [{ value: "staff", documents: 5 }], moreValues: 0, without: 0 },
            {
              by: { key: "tags" },
              values: [
                { value: "y", documents: 3 },
                { value: "x", documents: 1 },
                { value: "z", documents: 1 },
              ],
              moreValues: 0,
              without: 2,
            },
            { by: { key: "secret" }, values: [], moreValues: 0, without: 5 },
          ],
        });
        const filter = { key: "tags", equals: "z" } as const;
        const asAdmin = await retriever.facets({
          principal: admin,
          by: ["role", { key: "tags" }],
          filter,
          limit: 1,
        });
        expect(asAdmin.documents).toBe(2);
        expect(asAdmin.facets[0]).toMatchObject({
          values: [{ value: "hr", documents: 1 }],
          moreValues: 1,
          without: 1,
        });
        expect(asAdmin.facets[1]).toMatchObject({ values: [{ value: "z", documents: 2 }], moreValues: 1 });
        const nobody = await retriever.facets({ principal: as(), by: ["source"] });
        expect(nobody).toEqual({
          documents: 0,
          facets: [{ by: "source", values: [], moreValues: 0, without: 0 }],
        });
      });

      test("bad metadata leaves out its document, with the reason, and the rest goes on", async () => {
        const bad: unknown[] = [
          { price: Number.NaN },
          { price: Number.POSITIVE_INFINITY },
          { essay: "x".repeat(1024 * 1024) },
          { deep: { deeper: {} } },
          { list: Array.from({ length: 65 }, () => 1) },
          Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 1])),
          "a text",
          [1],
        ];
        const hostile = {
          "' OR 1=1 --": "' OR 1=1 --",
          constructor: "c",
          "a=b": "c",
          a: "b=c",
          "\0": "\0",
          "]": "[",
          empty: "",
        };
        const report = await retriever.upsert([
          ...bad.map((metadata, i) => ({ ...doc(`bad${i}.md`, "A lion."), metadata: metadata as Metadata })),
          { ...doc("good.md", "A good lion."), metadata: hostile },
        ]);
        expect(report.added).toEqual(["good.md"]);
        expect(report.skipped.map(({ uri }) => uri)).toEqual(bad.map((_, i) => `bad${i}.md`));
        expect(report.skipped.every(({ reason }) => /metadata/.test(reason) && reason.length < 500)).toBe(
          true,
        );
        const find = async (filter: Filter) =>
          (await retriever.search({ query: "lion", principal: admin, filter })).passages.map(
            ({ uri }) => uri,
          );
        for (const [key, value] of Object.entries(hostile)) {
          expect(await find({ key, equals: value })).toEqual(["good.md"]);
        }
        expect(await find({ key: "a=b", equals: "b=c" })).toEqual([]);
        expect(await find({ key: "toString", exists: true })).toEqual([]);
        expect(await find({ key: "__proto__", exists: true })).toEqual([]);
        const id = (await retriever.search({ query: "good lion", principal: admin })).passages[0]?.documentId;
        expect((await retriever.document(id ?? "", admin))?.metadata).toEqual(hostile);
      });

      test("wrong filters are refused by name", async () => {
        const cyclic: Record<string, unknown> = {};
        cyclic.not = cyclic;
        const wrong: unknown[] = [
          "year = 2024",
          [],
          null,
          {},
          { key: "year" },
          { equals: 1 },
          { key: "year", equals: Number.NaN },
          { key: "year", equals: { gt: 1 } },
          { key: "year", equals: 1, gt: 1 },
          { key: "year", in: [] },
          { key: "year", gt: "soon" },
          { key: "year", gt: "2026-02-30" },
          { key: "year", gt: 1, lt: "2026-01-01" },
          { key: "\ud800", equals: 1 },
          { key: "", equals: 1 },
          { and: [] },
          { and: [{ key: "a", equals: 1 }], or: [{ key: "a", equals: 1 }] },
          { or: Array.from({ length: 300 }, () => ({ key: "a", equals: 1 })) },
          { uriPrefix: "" },
          { documentIds: [] },
          cyclic,
        ];
        for (const filter of wrong) {
          const request = { query: "zebra", principal: admin, filter: filter as Filter };
          await expect(retriever.search(request)).rejects.toMatchObject({ wrongUse: true });
        }
        await expect(
          retriever.search({
            query: "x",
            principal: admin,
            filter: {
              and: [
                { key: "year", equals: 1 },
                { key: "day", lt: "tomorrow" },
              ],
            },
          }),
        ).rejects.toMatchObject({
          message: expect.stringContaining("filter.and.1.lt: must be a finite number, or a date"),
        });
      });
    });

    describe("neighbours and copies", () => {
      const sections = ["one", "two", "three", "four", "five"].map(
        (name) => `## ${name}\n\nThe ${name} zebra${name === "three" ? " eats grass" : ""} here.`,
      );
      const long = { ...doc("long.md", `# Zebras\n\n${sections.join("\n\n")}\n`, ["staff"]) };

      test("a passage is widened within its document, and its offsets hold", async () => {
        await retriever.upsert([long, doc("other.md", "Another text of the lion.", ["staff"])]);
        const search = async (before: number, after: number) => {
          const neighbours = { before, after };
          const request = {
            query: "eats grass three",
            principal: as("staff"),
            mode: "keyword" as const,
            neighbours,
          };
          const { passages } = await retriever.search({ ...request, topK: 5 });
          for (const passage of passages) {
            const document = await retriever.document(passage.documentId, as("staff"));
            expect(document?.text.slice(passage.start, passage.end)).toBe(passage.text);
            const { start, end } = passage.found ?? passage;
            expect(start >= passage.start && end <= passage.end).toBe(true);
          }
          return passages;
        };
        const [bare] = await search(0, 0);
        expect(bare).not.toHaveProperty("found");
        expect(bare?.text).not.toContain("four");
        const [after] = await search(0, 1);
        expect(after?.found).toEqual({ start: bare?.start, end: bare?.end });
        expect(after?.text).toContain("four");
        expect(after?.text).not.toContain("two");
        const [both] = await search(20, 20);
        expect(both?.text).toContain("The one zebra");
        expect(both?.text).toContain("The five zebra");
        expect(both?.text).not.toContain("lion");
      });

      test("no text stands in two passages, however many are asked for", async () => {
        await retriever.upsert([long, doc("other.md", "Another text of the zebra.", ["staff"])]);
        for (const mode of modes) {
          for (const neighbours of [{ before: 1 }, { after: 2 }, { before: 3, after: 3 }]) {
            const request = { query: "the zebra eats grass", principal: as("staff"), mode, neighbours };
            const { passages } = await retriever.search({ ...request, topK: 10 });
            expect(new Set(passages.map(({ uri }) => uri))).toEqual(new Set(["long.md", "other.md"]));
            for (const [index, one] of passages.entries()) {
              for (const two of passages.slice(index + 1)) {
                expect(
                  one.documentId !== two.documentId || one.end <= two.start || two.end <= one.start,
                ).toBe(true);
              }
            }
          }
        }
      });

      test("a copy leaves its place to another passage, and is named; one that may not be read is not there", async () => {
        const words =
          "The zebra eats grass on the wide plain from early morning until late at night, day by day.";
        await retriever.upsert([
          ...Array.from({ length: 6 }, (_, i) => doc(`copy${i}.md`, words, i < 3 ? ["staff"] : ["hr"])),
          doc("other.md", "Another zebra of the plain eats leaves.", ["staff"]),
        ]);
        for (const mode of modes) {
          const request = { query: "zebra eats grass on the plain", principal: as("staff"), mode, topK: 2 };
          const { passages } = await retriever.search(request);
          expect(passages.map(({ uri }) => uri.slice(0, 4)).sort()).toEqual(["copy", "othe"]);
          const kept = passages.find(({ copies }) => copies);
          const uris = [kept?.uri, ...(kept?.copies ?? []).map(({ uri }) => uri)].sort();
          expect(uris).toEqual(["copy0.md", "copy1.md", "copy2.md"]);
          const all = await retriever.search({ ...request, copies: "keep", topK: 10 });
          expect(all.passages.map(({ uri }) => uri).sort()).toEqual([...uris, "other.md"]);
          expect(all.passages.some(({ copies }) => copies)).toBe(false);
        }
        for (const wrong of [{ before: -1 }, { before: 21 }, { beside: 1 }, 1]) {
          const neighbours = wrong as { before: number };
          await expect(retriever.search({ query: "x", principal: admin, neighbours })).rejects.toMatchObject({
            wrongUse: true,
          });
        }
      });
    });

    test("sync adds, changes, removes, and leaves the rest alone", async () => {
      await put({
        "a.md": "# A\n\nApples are red.",
        "sub/b.txt": "Bananas are yellow.",
        "c.md": "# C\n\nCherries.",
      });
      expect(await retriever.sync(folder)).toMatchObject({
        added: ["a.md", "c.md", "sub/b.txt"],
        skipped: [],
      });
      expect(await retriever.sync(folder)).toMatchObject({
        added: [],
        changed: [],
        removed: [],
        unchanged: 3,
        chunks: 0,
      });
      await put({ "a.md": "# A\n\nApples are green." });
      await rm(join(folder, "c.md"));
      expect(await retriever.sync(folder)).toMatchObject({
        changed: ["a.md"],
        removed: ["c.md"],
        unchanged: 1,
      });
      expect((await uris("green apples", admin, "keyword"))[0]).toBe("a.md");
      expect(await uris("cherries", admin, "keyword")).toEqual([]);
      expect(await uris("bananas", admin, "keyword")).toEqual(["sub/b.txt"]);
    });

    test("sync touches no other source", async () => {
      await put({ "a.md": "Apples in a folder." });
      await retriever.upsert([doc("a.md", "Apples by hand."), doc("z.md", "Zebra by hand.")]);
      await retriever.sync(folder, { source: "first" });
      await retriever.sync(folder, { source: "second" });
      expect(await uris("apples", admin, "keyword")).toHaveLength(3);
      await rm(join(folder, "a.md"));
      await put({ "b.md": "Berries in a folder." });
      expect((await retriever.sync(folder, { source: "first" })).removed).toEqual(["a.md"]);
      expect(await uris("apples", admin, "keyword")).toHaveLength(2);
      expect(await uris("zebra", admin, "keyword")).toEqual(["z.md"]);
    });

    test("a changed rule reaches the store like a changed word", async () => {
      await put({ "a.md": "---\nroles: [staff]\n---\nThe zebra is striped.", "b.md": "The zebra is fast." });
      await retriever.sync(folder);
      expect(await uris("zebra", as("staff"))).toEqual(["a.md"]);
      await put({ "a.md": "---\nroles: [hr]\n---\nThe zebra is striped." });
      expect((await retriever.sync(folder)).changed).toEqual(["a.md"]);
      expect(await uris("zebra", as("staff"))).toEqual([]);
      expect(await uris("zebra", as("hr"))).toEqual(["a.md"]);
      expect((await retriever.sync(folder, { defaultRoles: ["staff"] })).changed).toEqual(["b.md"]);
      expect(await uris("zebra", as("staff"))).toEqual(["b.md"]);
      expect((await retriever.sync(folder)).changed).toEqual(["b.md"]);
      expect(await uris("zebra", as("staff"))).toEqual([]);
    });

    test("an emptied folder keeps its documents, with a warning", async () => {
      expect((await retriever.sync(folder)).warnings.map(({ code }) => code)).toEqual(["folder_empty"]);
      await put({ "a.md": "The zebra is striped." });
      await retriever.sync(folder);
      await rm(join(folder, "a.md"));
      const report = await retriever.sync(folder);
      expect(report.removed).toEqual([]);
      expect(report.warnings.map(({ code }) => code)).toEqual(["folder_empty"]);
      expect(await uris("zebra")).toEqual(["a.md"]);
    });

    test("a missing folder, or a file in its place, is wrong use and changes nothing", async () => {
      await put({ "a.md": "The zebra." });
      await retriever.sync(folder);
      for (const path of [join(folder, "nowhere"), join(folder, "a.md")]) {
        await expect(retriever.sync(path)).rejects.toMatchObject({ code: "folder_missing", wrongUse: true });
      }
      expect(await uris("zebra")).toEqual(["a.md"]);
    });

    test("a file that is not text is skipped with a reason, keeps its stored version, and the rest goes on", async () => {
      await put({ "a.md": "The zebra is striped.", "b.md": "The lion." });
      await retriever.sync(folder);
      await writeFile(join(folder, "a.md"), Buffer.from([0x63, 0x00, 0xff, 0xfe, 0x80]));
      await put({ "c.md": "The giraffe." });
      const report = await retriever.sync(folder);
      expect(report).toMatchObject({ added: ["c.md"], changed: [], removed: [], unchanged: 1 });
      expect(report.skipped).toHaveLength(1);
      expect(report.skipped[0]?.uri).toBe("a.md");
      expect(report.skipped[0]?.reason).not.toBe("");
      expect(await uris("zebra striped", admin, "keyword")).toEqual(["a.md"]);
    });

    test("hostile questions find something or nothing, and break nothing", async () => {
      await retriever.upsert([doc("a.md", 'The zebra\'s "stripes" AND more.')]);
      const hostile = [
        "",
        " ",
        '"',
        "'",
        "zebra AND",
        "(zebra",
        "zebra*",
        "-zebra",
        "+",
        "a:b",
        "\\",
        "\0",
        "👍",
        "\ud800",
        "OR 1=1 --",
        "x".repeat(8192),
        "zebra ".repeat(1000),
      ];
      for (const query of hostile) {
        for (const mode of modes) {
          const { passages } = await retriever.search({ query, principal: admin, mode });
          expect(passages.length).toBeLessThanOrEqual(1);
        }
      }
    });

    test("wrong requests are refused by name", async () => {
      const wrong = [
        { query: "x".repeat(8193), principal: admin },
        { query: "x", principal: admin, topK: 0 },
        { query: "x", principal: admin, mode: "magic" as SearchMode },
        { query: "x", principal: { tenant: "", roles: [] } },
        { query: "x", principal: { tenant: "a", roles: ["\ud800"] } },
        { query: "x", principal: { tenant: "a", roles: [], admin: true } as Principal },
      ];
      for (const request of wrong)
        await expect(retriever.search(request)).rejects.toMatchObject({ wrongUse: true });
      const bad = [
        { uri: "", text: "x" },
        { uri: "a.md", text: "x", roles: [""] },
        { uri: "a.md", text: "x", tenant: "b" },
      ];
      for (const document of bad)
        await expect(retriever.upsert([document])).rejects.toMatchObject({ wrongUse: true });
      expect((await retriever.status()).tenants).toEqual([]);
    });

    test("a stream of documents is stored, the later of one uri last, and reported once each", async () => {
      async function* stream() {
        yield doc("a.md", "The zebra is striped.");
        yield doc("b.md", "The lion is not.");
        yield doc("a.md", "The giraffe is spotted.");
      }
      const report = await retriever.upsert(stream());
      expect([...report.added].sort()).toEqual(["a.md", "b.md"]);
      expect(report.changed).toEqual([]);
      expect(await uris("zebra", admin, "keyword")).toEqual([]);
      expect(await uris("giraffe", admin, "keyword")).toEqual(["a.md"]);
      expect((await retriever.status()).tenants).toMatchObject([{ documents: 2 }]);
      async function* broken() {
        yield doc("", "x");
      }
      await expect(retriever.upsert(broken())).rejects.toMatchObject({ wrongUse: true });
    });

    test("calls made at once all have their effect", async () => {
      await Promise.all(
        Array.from({ length: 8 }, (_, i) => retriever.upsert([doc(`d${i}.md`, `Zebra ${i}.`)])),
      );
      expect((await uris("zebra", admin, "keyword", 20)).sort()).toEqual(
        Array.from({ length: 8 }, (_, i) => `d${i}.md`),
      );
      expect((await retriever.status()).tenants).toMatchObject([{ documents: 8 }]);
    });

    test("an aborted signal stops a call and leaves the store whole", async () => {
      await put({ "a.md": "The zebra." });
      const signal = AbortSignal.abort();
      await expect(retriever.sync(folder, { signal })).rejects.toMatchObject({ code: "cancelled" });
      await expect(retriever.search({ query: "x", principal: admin, signal })).rejects.toMatchObject({
        code: "cancelled",
      });
      await expect(retriever.upsert([doc("b.md", "x")], { signal })).rejects.toMatchObject({
        code: "cancelled",
      });
      expect(await retriever.sync(folder)).toMatchObject({ added: ["a.md"] });
    });

    test("refuses work after dispose, and takes a second dispose", async () => {
      const other = await make();
      await other.dispose();
      await other.dispose();
      await expect(other.search({ query: "x", principal: admin })).rejects.toMatchObject({
        code: "disposed",
      });
    });
  });
}
