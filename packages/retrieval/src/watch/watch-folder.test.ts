import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChangeReport, WatchEvent } from "@advisor/contracts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listFolder } from "../extract/folder.ts";
import type { createFolderEvents } from "./folder-events.ts";
import { watchFolder } from "./watch-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "watch-folder-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const nothing: ChangeReport = {
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
};

/** A watch over events that the test tells, and a sync that the test answers. */
async function watching(
  sync: (parts: readonly string[] | undefined) => Promise<ChangeReport>,
  limit?: { folders: number; code: string },
) {
  const events: WatchEvent[] = [];
  let wake = () => {};
  let tell = (_uri: string) => {};
  const followed = new Set<string>();
  const createEvents: typeof createFolderEvents = ({ onChange }) => {
    tell = onChange;
    return {
      follow(folders) {
        for (const prefix of folders.keys()) {
          if (limit && followed.size >= limit.folders)
            throw Object.assign(new Error("no space"), { code: limit.code });
          followed.add(prefix);
        }
      },
      forget(prefix) {
        for (const known of followed) if (known.startsWith(prefix)) followed.delete(known);
      },
      follows: (prefix) => followed.has(prefix),
      close: () => followed.clear(),
    };
  };
  const synced: (readonly string[] | undefined)[] = [];
  const watch = await watchFolder({
    ...{ root, quietMs: 1, rescanMs: 0, createEvents },
    list: (parts) => listFolder(root, { parts }),
    sync: async (parts) => {
      synced.push(parts);
      const report = await sync(parts);
      queueMicrotask(() => wake());
      return report;
    },
    tidy: async () => {},
    onEvent: (event) => {
      events.push(event);
      wake();
    },
  });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { watch, events, synced, followed, until, tell: (uri: string) => tell(uri) };
}

test("a look through the whole folder tells what was left out once; a change of such a file tells it again", async () => {
  const bad = { uri: "bad.md", reason: "it is empty" };
  const warning = { code: "ragged_row", message: "t.csv: row 2 has 1 cell" };
  let report: ChangeReport = { ...nothing, skipped: [bad], warnings: [warning] };
  const seen = await watching(async () => report);
  const told = () => seen.events.map((event) => event.type === "synced" && event.report.skipped);
  seen.tell("");
  await seen.until(() => seen.synced.length === 2);
  seen.tell("bad.md");
  await seen.until(() => seen.events.length === 2);
  expect(told()).toEqual([[bad], [bad]]);
  const other = { uri: "other.md", reason: "it is empty" };
  report = { ...nothing, skipped: [bad, other], warnings: [warning] };
  seen.tell("");
  await seen.until(() => seen.events.length === 3);
  expect(seen.events.at(-1)).toMatchObject({ report: { skipped: [other], warnings: [] }, whole: false });
  await seen.watch.close();
});

test("only what changed is synced; a folder is followed as it comes and goes", async () => {
  await mkdir(join(root, "a/b"), { recursive: true });
  await writeFile(join(root, "a/b/c.md"), "x");
  const seen = await watching(async () => nothing);
  expect(seen.synced).toEqual([undefined]);
  expect([...seen.followed].sort()).toEqual(["", "a/", "a/b/"]);
  seen.tell("a/b/c.md");
  await seen.until(() => seen.synced.length === 2);
  expect(seen.synced[1]).toEqual(["a/b/c.md"]);
  await rm(join(root, "a"), { recursive: true });
  seen.tell("a");
  await seen.until(() => seen.synced.length === 3);
  expect(seen.synced[2]).toEqual(["a", "a/"]);
  expect([...seen.followed]).toEqual([""]);
  await mkdir(join(root, "new.md/deep"), { recursive: true });
  seen.tell("new.md");
  await seen.until(() => seen.synced.length === 4);
  expect(seen.synced[3]).toEqual(["new.md", "new.md/"]);
  expect([...seen.followed].sort()).toEqual(["", "new.md/", "new.md/deep/"]);
  await seen.watch.close();
});

test.each(["ENOSPC", "EMFILE"])("%s: it says so, and looks now and then instead", async (code) => {
  for (const name of ["a", "b", "c"]) await mkdir(join(root, name));
  const seen = await watching(async () => nothing, { folders: 2, code });
  expect(seen.watch.polling).toBe(true);
  expect(seen.events[0]).toMatchObject({ type: "warning", warning: { code: "watch_polling" } });
  if (code === "ENOSPC") expect(JSON.stringify(seen.events[0])).toContain("fs.inotify.max_user_watches");
  await writeFile(join(root, "a/new.md"), "x");
  await seen.until(() => seen.synced.length === 2);
  expect(seen.synced[1]).toEqual(["a/new.md"]);
  await seen.watch.close();
});

test("a sync that fails is told and tried again with the same changes; a first one that fails is thrown", async () => {
  let failing = 0;
  const seen = await watching(async (parts) => {
    if (parts && failing++ === 0) throw new Error("locked");
    return { ...nothing, changed: [...(parts ?? [])] };
  });
  seen.tell("a.md");
  await seen.until(() => seen.synced.length === 3);
  expect(seen.events.map(({ type }) => type)).toEqual(["synced", "failed", "synced"]);
  expect(seen.events[1]).toMatchObject({ retryInMs: 1000 });
  expect(seen.synced.slice(1)).toEqual([["a.md"], ["a.md"]]);
  await seen.watch.close();
  await expect(watching(async () => Promise.reject(new Error("no store")))).rejects.toThrow("no store");
});
