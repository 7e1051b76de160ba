import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ADMINISTRATOR,
  countFacets,
  DEFAULT_PRINCIPAL,
  type Principal,
  type SearchMode,
} from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KnowledgeSettings, openKnowledge } from "../knowledge.ts";

let folder: string;
let clock: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "history-"));
  clock = Date.UTC(2026, 0, 1);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const DAY = 86_400_000;
const admin = DEFAULT_PRINCIPAL;
const modes: readonly SearchMode[] = ["hybrid", "vector", "keyword"];
const open = async (settings: Partial<KnowledgeSettings> = {}) => {
  const store = await openKnowledge({
    location: join(folder, "store"),
    embedder: createFakeEmbedder(),
    now: () => clock,
    ...settings,
  });
  const { versions, purge, count, facets } = store;
  if (!versions || !purge || !count || !facets) throw new Error("the store lacks a call");
  return Object.assign(store, { versions, purge, count, facets });
};
/** Files of a table that hold text, words or vectors. */
const files = async (table: string) =>
  (await readdir(join(folder, "store"), { recursive: true, withFileTypes: true }))
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(
      ({ entry, path }) =>
        entry.isFile() && path.includes(`/store/${table}`) && /\/(?:data|_indices)\//.test(path),
    )
    .map(({ path }) => path);

describe("random histories", () => {
  const names = ["a", "b", "c"] as const;
  const roles = fc.subarray(["hr", "it", "' OR true --"]);
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        does: fc.constant("put" as const),
        uris: fc.subarray([...names], { minLength: 1 }),
        words: fc.integer({ min: 0, max: 3 }),
        roles,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constant("remove" as const),
        uris: fc.subarray([...names], { minLength: 1 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ does: fc.constant("purge" as const), uri: fc.constantFrom(...names) }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("set the clock back" as const) }) },
  );

  test("whoever asks, a search, a count and facets as of any instant give exactly what the oracle says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        clock = Date.UTC(2026, 0, 1);
        const location = await mkdtemp(join(folder, "random-"));
        await using store = await open({ location, keepVersions: "forever" });
        /** Texts by uri after each step, as they stood, and the instant. */
        const states: { at: number; texts: Map<string, string> }[] = [];
        const rules = new Map<string, readonly string[]>();
        let texts = new Map<string, string>();
        for (const now of steps) {
          clock += 1000;
          if (now.does === "put") {
            const text = (uri: string) => `The zebra ${uri} eats grass ${now.words} times.`;
            const metadata = { words: now.words };
            await store.upsert(now.uris.map((uri) => ({ uri, text: text(uri), roles: now.roles, metadata })));
            texts = new Map([...texts, ...now.uris.map((uri): [string, string] => [uri, text(uri)])]);
            for (const uri of now.uris) rules.set(uri, now.roles);
          } else if (now.does === "remove") {
            await store.remove(now.uris);
            texts = new Map([...texts].filter(([uri]) => !now.uris.some((removed) => removed === uri)));
            for (const uri of now.uris) rules.delete(uri);
          } else if (now.does === "purge") {
            await store.purge([{ uri: now.uri }], admin);
            texts = new Map(texts);
            for (const state of [...states, { texts }]) state.texts.delete(now.uri);
            rules.delete(now.uri);
          } else clock -= 1500;
          states.push({ at: clock, texts });
        }
        // A clock set back lets a state begin up to some steps late; instants after the last are beyond doubt.
        const steady = !steps.some(({ does }) => does === "set the clock back");
        clock += 60_000;
        const asked = steady ? states : [{ at: clock, texts }];
        for (const { at, texts: then } of asked) {
          for (const held of [[ADMINISTRATOR], ["hr"], ["' OR true --", "it"], []]) {
            const principal: Principal = { tenant: "default", roles: held };
            const asOf = new Date(at);
            const allowed = [...then].filter(
              ([uri]) =>
                held.includes(ADMINISTRATOR) || (rules.get(uri) ?? []).some((role) => held.includes(role)),
            );
            const expected = allowed.map(([, text]) => text).sort();
            // Former metadata, and the rule of today.
            const grouped = allowed.map(([uri, text]) => ({
              source: "upsert",
              access: { tenant: "default", roles: [...(rules.get(uri) ?? [])] },
              metadata: { words: Number(/\d/.exec(text)) },
            }));
            const by = ["source", "role", { key: "words" }] as const;
            for (const limit of [undefined, 1] as const) {
              const filter = limit && { key: "words", equals: limit };
              const left = filter ? grouped.filter(({ metadata }) => metadata.words === limit) : grouped;
              const request = { principal, asOf, ...(filter && { filter }) };
              const wanted = { ...request, by: [...by], limit: 20 };
              expect(await store.facets(wanted)).toEqual(countFacets(left, wanted));
              expect(await store.count(request)).toEqual({ documents: left.length, passages: left.length });
            }
            for (const mode of modes) {
              const request = { query: "zebra grass", principal, mode, topK: 50 };
              const { passages } = await store.search({ ...request, asOf });
              expect(passages.map(({ text }) => text).sort()).toEqual(expected);
              for (const passage of passages) {
                const document = await store.document(passage.documentId, principal, { asOf });
                expect(document?.version).toBe(passage.version);
              }
            }
          }
        }
        for (const uri of names) {
          const versions = await store.versions({ uri }, admin);
          for (const [i, version] of versions.entries()) {
            const later = versions[i - 1];
            if (later) expect(version.validTo && version.validTo <= later.validFrom).toBe(true);
            expect(version.validTo === undefined || version.validFrom < version.validTo).toBe(true);
          }
        }
      }),
      { numRuns: 6 },
    );
  });
});

describe("ranking", () => {
  const words = ["zebra", "lions", "grass", "running", "water", "trees", "naïve", "E-4012", "the", "--flag"];
  const page = (i: number, round: number) => ({
    uri: `d${i}`,
    text: `# Page ${words[(i + round) % 10]}\n\n${words
      .map((word, j) => `${word} `.repeat((i * (j + 3) + round * (j + 1)) % 4))
      .join("")} number ${i}`,
  });
  const queries = [
    "zebra",
    "lion running water",
    "what is E-4012?",
    "naive trees",
    "page the --flag",
    "number 7",
  ];
  const ranked = async (store: Awaited<ReturnType<typeof open>>, asOf?: Date) =>
    Promise.all(
      queries.flatMap((query) =>
        modes.map(async (mode) => {
          const request = { query, principal: admin, mode, topK: 40, ...(asOf && { asOf }) };
          return (await store.search(request)).passages.map(({ id }) => id);
        }),
      ),
    );

  test("an earlier state ranks as the store did then, and former versions move nothing in the present one", async () => {
    await using store = await open();
    await using fresh = await open({ location: join(folder, "fresh"), keepVersions: "none" });
    const pages = (round: number) => Array.from({ length: 40 }, (_, i) => page(i, round));
    const then: { at: number; order: string[][] }[] = [];
    for (let round = 0; round < 4; round++) {
      clock += 1000;
      await store.upsert(pages(round));
      then.push({ at: clock, order: await ranked(store) });
    }
    await fresh.upsert(pages(3));
    expect(await ranked(store)).toEqual(await ranked(fresh));
    for (const { at, order } of then) expect(await ranked(store, new Date(at))).toEqual(order);
  });
});

describe("retention", () => {
  const put = async (store: Awaited<ReturnType<typeof open>>, text: string) =>
    store.upsert([{ uri: "a", text }]);
  const count = async (store: Awaited<ReturnType<typeof open>>) =>
    (await store.versions({ uri: "a" }, admin)).length;

  test("former versions go when their time is over, and the time before is then unknown", async () => {
    await using store = await open({ keepVersions: "30d" });
    await put(store, "One.");
    const first = clock;
    clock += 10 * DAY;
    await put(store, "Two.");
    clock += 29 * DAY;
    await put(store, "Three.");
    expect(await count(store)).toBe(3);
    clock += 2 * DAY;
    await store.upsert([{ uri: "b", text: "Another." }]);
    expect(await count(store)).toBe(2);
    const search = (asOf: number, principal = admin) =>
      store.search({ query: "one two", principal, asOf: new Date(asOf) });
    await expect(search(first)).rejects.toMatchObject({
      code: "history_unavailable",
      message: expect.stringContaining("2026-01-11T00:00:00.000Z"),
    });
    const known = await search(first, { tenant: "default", roles: ["hr"] }).catch((error: Error) => error);
    expect((known as Error).message).not.toContain("2026-01-11");
    expect((await search(first + 10 * DAY)).passages.map(({ text }) => text)).toEqual(["Two."]);
  });

  test("what was told last is remembered, and holds for what is stored", async () => {
    {
      await using store = await open({ keepVersions: "forever" });
      await put(store, "One.");
      clock += 400 * DAY;
      await put(store, "Two.");
    }
    {
      await using store = await open();
      clock += 400 * DAY;
      await put(store, "Three.");
      expect(await count(store)).toBe(3);
    }
    {
      await using store = await open({ keepVersions: "none" });
      await put(store, "Four.");
      expect(await count(store)).toBe(1);
    }
    await using store = await open();
    await put(store, "Five.");
    expect(await count(store)).toBe(1);
    const before = store.search({ query: "four", principal: admin, asOf: new Date(clock - 1) });
    await expect(before).rejects.toMatchObject({ code: "history_unavailable" });
  });

  test.each(["30", "0d", "-1d", "1.5d", "30 d", "always", "100000d"])(
    "%j is no time",
    async (keepVersions) => {
      await expect(open({ keepVersions: keepVersions as "30d" })).rejects.toMatchObject({
        code: "invalid_setting",
        message: expect.stringContaining("keepVersions"),
      });
    },
  );
});

describe("purge", () => {
  test("leaves no file that held the page, and finds the rest as before", async () => {
    await using store = await open();
    await store.upsert([
      { uri: "secret", text: "The salary of the zebra." },
      ...Array.from({ length: 50 }, (_, i) => ({ uri: `d${i}`, text: `The zebra number ${i} eats grass.` })),
    ]);
    clock += 1000;
    const then = clock;
    clock += 1000;
    await store.upsert([
      { uri: "secret", text: "The wages of the zebra." },
      { uri: "d1", text: "The lion." },
    ]);
    const before = [...(await files("tenant-")), ...(await files("history-"))];
    expect(before.length).toBeGreaterThan(3);
    await store.purge([{ uri: "secret" }], admin);
    const after = [...(await files("tenant-")), ...(await files("history-"))];
    expect(after.filter((file) => before.includes(file))).toEqual([]);
    for (const mode of modes) {
      const search = async (asOf?: Date) =>
        (
          await store.search({
            query: "salary wages zebra",
            principal: admin,
            mode,
            topK: 100,
            ...(asOf && { asOf }),
          })
        ).passages;
      expect((await search()).filter(({ uri }) => uri === "secret")).toEqual([]);
      expect((await search(new Date(then))).filter(({ uri }) => uri === "secret")).toEqual([]);
      expect((await search(new Date(then))).length).toBe(50);
    }
  });

  test("killed before its files are gone, it is ended by the next writing call", async () => {
    {
      await using store = await open();
      await store.upsert([{ uri: "a", text: "The zebra." }]);
    }
    const { openDatabase } = await import("../store/lance.ts");
    const database = await openDatabase(join(folder, "store"));
    const name = (await database.tableNames()).find((table) => table.startsWith("history-")) ?? "";
    const history = await database.openHistory(name);
    const [mark] = (await history?.rows("kind = 'horizon'")) ?? [];
    if (!history || !mark) throw new Error("no history");
    await history.upsert([{ ...mark, id: "erasing", kind: "erasing" }]);
    const before = await files("tenant-");
    await using store = await open();
    await store.upsert([{ uri: "b", text: "The lion." }]);
    expect((await files("tenant-")).filter((file) => before.includes(file))).toEqual([]);
    expect(await history.count("kind = 'erasing'")).toBe(0);
    history.close();
    database.close();
  });
});

test("an erasure that was killed is ended though its tenant was removed and filled again meanwhile", async () => {
  await using store = await open();
  await store.upsert([{ uri: "a", text: "The zebra." }]);
  await store.upsert([{ uri: "a", text: "The zebra.", title: "Zebras" }]);
  const { openDatabase } = await import("../store/lance.ts");
  const database = await openDatabase(join(folder, "store"));
  const tables = async () => {
    const names = await database.tableNames();
    const live = await database.open(names.find((name) => name.startsWith("tenant-")) ?? "");
    const history = await database.openHistory(names.find((name) => name.startsWith("history-")) ?? "");
    if (!live || !history) throw new Error("no tables");
    const versions = [await live.version(), await history.version()] as const;
    live.close();
    return { history, versions };
  };
  const before = await tables();
  before.history.close();
  clock += 1000;
  {
    await using other = await open();
    await other.removeTenant?.({ principal: admin });
    await other.upsert([{ uri: "b", text: "The zebra." }]);
    await other.upsert([{ uri: "c", text: "The quagga." }]);
  }
  const { history } = await tables();
  const [mark] = await history.rows("kind = 'horizon'");
  if (!mark) throw new Error("no horizon");
  await history.upsert([{ ...mark, id: "erasing", kind: "erasing" }]);
  const { versions } = await tables();
  // The numbers of the new tables have come to those of the old ones.
  expect(versions).toEqual(before.versions);
  await store.upsert([{ uri: "d", text: "The lion." }]);
  expect(await history.count("kind = 'erasing'")).toBe(0);
  history.close();
  database.close();
});

describe("a writer killed between its two commits", () => {
  /** The store as it is when the live table was not written any more. */
  const killedAfterHistory = async (last: { text: string; roles: string[] }) => {
    {
      await using store = await open();
      await store.upsert([{ uri: "a", text: "The zebra eats grass.", roles: ["hr", "it"] }]);
    }
    const tables = await readdir(join(folder, "store"));
    const live = join(folder, "store", tables.find((name) => name.startsWith("tenant-")) ?? "");
    await cp(live, join(folder, "live"), { recursive: true });
    clock += 1000;
    {
      await using store = await open();
      await store.upsert([{ uri: "a", ...last }]);
    }
    await rm(live, { recursive: true });
    await cp(join(folder, "live"), live, { recursive: true });
    clock += 1000;
  };
  const seen = async (store: Awaited<ReturnType<typeof open>>, role: string, asOf: number) => {
    const found: string[][] = [];
    for (const mode of modes) {
      const request = { query: "zebra", principal: { tenant: "default", roles: [role] }, mode };
      found.push((await store.search({ ...request, asOf: new Date(asOf) })).passages.map(({ text }) => text));
    }
    return found;
  };

  test("leaves each state found once, and the next call ends in the same history", async () => {
    const begin = clock;
    await killedAfterHistory({ text: "The zebra eats hay.", roles: ["hr", "it"] });
    await using store = await open();
    const once = modes.map(() => ["The zebra eats grass."]);
    expect(await seen(store, "hr", begin)).toEqual(once);
    const then = { principal: admin, asOf: new Date(begin) };
    expect(await store.count(then)).toEqual({ documents: 1, passages: 1 });
    expect((await store.facets({ ...then, by: ["role"] })).documents).toBe(1);
    expect(await seen(store, "hr", clock)).toEqual(once);
    expect(await store.versions({ uri: "a" }, admin)).toHaveLength(1);
    await store.upsert([{ uri: "a", text: "The zebra eats hay.", roles: ["hr", "it"] }]);
    expect(await store.versions({ uri: "a" }, admin)).toHaveLength(2);
    expect(await seen(store, "hr", clock - 1)).toEqual(once);
  });

  test("leaves no former version with a wider rule, and the next call sets the rule of today", async () => {
    const begin = clock;
    await killedAfterHistory({ text: "The zebra eats hay.", roles: ["hr", "public"] });
    {
      await using store = await open();
      await store.upsert([{ uri: "b", text: "Another." }]);
      await store.upsert([{ uri: "a", text: "The zebra eats hay.", roles: ["it"] }]);
    }
    await using store = await open();
    expect(await seen(store, "it", begin)).toEqual(modes.map(() => ["The zebra eats grass."]));
    expect(await seen(store, "hr", begin)).toEqual(modes.map(() => []));
    expect(await seen(store, "public", begin)).toEqual(modes.map(() => []));
  });
});

describe("a store of format 3", () => {
  test("is brought up to date when it is opened, and nothing in it is lost", async () => {
    {
      await using store = await open();
      await store.upsert([{ uri: "a", text: "The zebra eats grass.", roles: ["hr"] }]);
    }
    const lance = await import("@lancedb/lancedb");
    const connection = await lance.connect(join(folder, "store"));
    for (const name of await connection.tableNames()) {
      if (name.startsWith("history-")) await connection.dropTable(name);
      if (name.startsWith("tenant-")) {
        const table = await connection.openTable(name);
        await table.dropColumns(["validFrom", "validTo"]);
        table.close();
      }
    }
    const settings = [
      { key: "format", value: "3" },
      { key: "embedder", value: "fake-embedder" },
      { key: "dimensions", value: "64" },
    ];
    await connection.createTable("_store", settings, { mode: "overwrite" });
    connection.close();

    clock += 1000;
    await using store = await open({ create: false });
    expect((await store.status()).format).toBe(4);
    const { passages } = await store.search({ query: "zebra", principal: admin });
    expect(passages).toMatchObject([{ uri: "a", validFrom: new Date(clock).toISOString() }]);
    const before = store.search({ query: "zebra", principal: admin, asOf: new Date(clock - 1) });
    await expect(before).rejects.toMatchObject({ code: "history_unavailable" });
    clock += 1000;
    const then = new Date(clock);
    clock += 1000;
    await store.upsert([{ uri: "a", text: "The zebra eats hay.", roles: ["hr"] }]);
    for (const mode of modes) {
      const former = await store.search({ query: "zebra", principal: admin, mode, asOf: then });
      expect(former.passages.map(({ text }) => text)).toEqual(["The zebra eats grass."]);
    }
    expect(await store.upsert([{ uri: "a", text: "The zebra eats hay.", roles: ["hr"] }])).toMatchObject({
      unchanged: 1,
    });
  });
});

describe("another embedder", () => {
  test("takes the former versions along", async () => {
    const { reembedKnowledge } = await import("../reembed/reembed.ts");
    const location = join(folder, "store");
    const first = clock;
    {
      await using store = await open({ keepVersions: "forever" });
      await store.upsert([{ uri: "a", text: "The zebra eats grass.", roles: ["hr"] }]);
      clock += 1000;
      await store.upsert([{ uri: "a", text: "The zebra eats hay.", roles: ["hr"] }]);
    }
    const embedder = createFakeEmbedder({ id: "other", dimensions: 48 });
    await reembedKnowledge({ location, embedder });
    clock += 400 * DAY;
    await using store = await open({ embedder, create: false });
    await store.upsert([{ uri: "b", text: "The lion." }]);
    for (const mode of modes) {
      const request = { query: "zebra", principal: { tenant: "default", roles: ["hr"] }, mode };
      const { passages } = await store.search({ ...request, asOf: new Date(first) });
      expect(passages.map(({ text }) => text)).toEqual(["The zebra eats grass."]);
    }
    expect((await store.purge([{ uri: "a" }], admin)).purged).toMatchObject([{ versions: 2 }]);
  });
});
