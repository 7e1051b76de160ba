import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_PRINCIPAL } from "@advisor/contracts";
import { createFakeEmbedder, createFakeS3 } from "@advisor/contracts/testing";
import { describe, expect, test } from "vitest";
import { spawnChild } from "../../test/spawn-child.ts";
import { judge, lookInto, raceWriters, textOf, type WriteNote } from "../../test/write-race.ts";
import { openKnowledge } from "../knowledge.ts";
import { createRetriever } from "../retriever.ts";
import { DEFAULT_INDEX_POLICY } from "../store/index-policy.ts";
import { openDatabase } from "../store/lance.ts";
import { newManifest } from "../store/manifest.ts";

/** The full minute of eight processes is `npm run bench -- writers`. */
const race = { processes: 3, seconds: 3 };

describe("a reader beside a process that writes and compacts without a pause", () => {
  test("is never blocked, and each search sees every document whole, in its old text or its new one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "readers-"));
    const location = join(folder, "store");
    const child = await spawnChild("busy-writer-child.ts", location, "30");
    try {
      await child.ready;
      await using knowledge = await openKnowledge({
        location,
        embedder: createFakeEmbedder(),
        create: false,
      });
      const stamps = new Set<string>();
      const waits: number[] = [];
      const until = performance.now() + 1500;
      while (performance.now() < until || stamps.size < 3) {
        for (const mode of ["vector", "keyword"] as const) {
          const begin = performance.now();
          const { passages } = await knowledge.search({
            query: "zebra grass",
            principal: DEFAULT_PRINCIPAL,
            mode,
            topK: 200,
          });
          waits.push(performance.now() - begin);
          // A round is one commit: a search sees all documents of one round, each with all of its passages.
          const seen = new Set(passages.map(({ text }) => /zebra of (\S+) eats/.exec(text)?.[1] ?? "none"));
          expect(seen.size).toBe(1);
          const [stamp = ""] = seen;
          const sections = (textOf("d0", stamp).match(/zebra/g) ?? []).length;
          expect(passages).toHaveLength(30 * sections);
          stamps.add(stamp);
        }
      }
      waits.sort((a, b) => a - b);
      // Far above what a search takes, and far below what waiting for a round would.
      expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(1000);
      expect(stamps.size).toBeGreaterThanOrEqual(3);
    } finally {
      child.kill();
      await child.ended;
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("processes that write at once", () => {
  test("to a folder: no document twice, none with two texts, no acknowledged write lost", async () => {
    const folder = await mkdtemp(join(tmpdir(), "writers-"));
    try {
      const result = await raceWriters({ ...race, location: join(folder, "store") });
      expect(result).toMatchObject({ failed: [], problems: [] });
      expect(result.acknowledged).toBeGreaterThan(6);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("to an object store: the same", async () => {
    await using s3 = await createFakeS3();
    const { storageOptions } = s3;
    const result = await raceWriters({ ...race, location: "s3://test/store", storageOptions });
    expect(result).toMatchObject({ failed: [], problems: [] });
    expect(result.acknowledged).toBeGreaterThan(6);
  });

  test.each(["a folder", "an object store"])(
    "that nothing keeps apart on %s: LanceDB's own rule leaves one text",
    async (kind) => {
      const folder = await mkdtemp(join(tmpdir(), "writers-"));
      await using s3 = await createFakeS3();
      const onS3 = kind === "an object store";
      const location = onS3 ? "s3://test/store" : join(folder, "store");
      const options = onS3 ? s3.storageOptions : undefined;
      const embedder = createFakeEmbedder();
      const knowledge = await openKnowledge({
        location,
        embedder,
        ...(options && { storageOptions: options }),
      });
      // As when a writer stood still in the middle of a commit, for longer than its lease.
      const retriever = async () => {
        const database = await openDatabase(location, options);
        return createRetriever({
          location,
          embedder,
          database,
          vectorWeight: 0.5,
          now: Date.now,
          keepVersions: async () => "30d" as const,
          alone: false,
          indexPolicy: DEFAULT_INDEX_POLICY,
          exclusively: (_, work) => work({ check: async () => {} }),
          currentWriter: async () => undefined,
          currentManifest: async () => newManifest(embedder),
          close: database.close,
        });
      };
      const writers = await Promise.all([retriever(), retriever(), retriever()]);
      await knowledge.upsert([{ uri: "before", text: textOf("before", "w-0") }]);
      const notes: WriteNote[] = [];
      for (let round = 0; round < 4; round++) {
        await Promise.allSettled(
          writers.map(async (writer, i) => {
            const uris = [`new-${round}`, "before", `own-${i}`];
            const stamp = `w${i}-${round * 3 + i}`;
            const begun = uris.map((uri): WriteNote => ({ uri, stamp, begin: Date.now() }));
            notes.push(...begun);
            await writer.upsert(uris.map((uri) => ({ uri, text: textOf(uri, stamp) })));
            notes.push(...begun.map((entry) => ({ ...entry, end: Date.now() })));
          }),
        );
      }
      const { stamps, problems } = await lookInto(knowledge);
      expect(problems.concat(judge(notes, stamps))).toEqual([]);
      expect(notes.filter(({ end }) => end !== undefined).length).toBeGreaterThan(6);
      for (const writer of writers) await writer.dispose();
      await knowledge.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  );

  test("the judge sees a lost write, a removal undone, and lets calls at once end either way", () => {
    const wrote = (stamp: string | null, begin: number, end?: number) => ({
      uri: "a",
      stamp,
      begin,
      ...(end && { end }),
    });
    const stamps = (stamp?: string) => new Map(stamp ? [["a", stamp]] : []);
    expect(judge([wrote("1", 1, 2), wrote("2", 3, 4)], stamps("1"))).toHaveLength(1);
    expect(judge([wrote("1", 1, 2), wrote(null, 3, 4)], stamps("1"))).toHaveLength(1);
    expect(judge([wrote("1", 1, 2)], stamps())).toHaveLength(1);
    expect(judge([wrote("1", 1, 2)], stamps("0"))).toHaveLength(1);
    expect(judge([wrote("1", 1, 4), wrote("2", 3, 5)], stamps("1"))).toEqual([]);
    expect(judge([wrote("1", 1, 2), wrote("2", 3)], stamps("1"))).toEqual([]);
    expect(judge([wrote("1", 1, 2), wrote("2", 3)], stamps("2"))).toEqual([]);
    expect(judge([wrote("1", 1)], stamps())).toEqual([]);
  });
});
