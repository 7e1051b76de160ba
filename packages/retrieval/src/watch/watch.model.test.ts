import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DEFAULT_PRINCIPAL, type Retriever, type WatchEvent, type WatchOptions } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openKnowledge } from "../knowledge.ts";

let root: string;
let pages: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "watch-"));
  pages = join(root, "pages");
  await mkdir(pages);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const put = async (files: Record<string, string>) => {
  for (const [uri, content] of Object.entries(files)) {
    await mkdir(dirname(join(pages, uri)), { recursive: true });
    await writeFile(join(pages, uri), content);
  }
};
const open = () => openKnowledge({ location: join(root, "store"), embedder: createFakeEmbedder() });
const find = async (knowledge: Retriever, query: string) =>
  (await knowledge.search({ query, principal: DEFAULT_PRINCIPAL, mode: "keyword", topK: 200 })).passages
    .map(({ uri }) => uri)
    .sort();

/** Watches the pages, and waits for conditions: they are looked at again after each event. */
async function watching(knowledge: Retriever, options: WatchOptions = {}) {
  const events: WatchEvent[] = [];
  let wake = () => {};
  const watch = await knowledge.watch?.(pages, {
    debounceMs: 20,
    rescanMs: 0,
    ...options,
    onEvent: (event) => {
      events.push(event);
      wake();
    },
  });
  if (!watch) throw new Error("it cannot watch");
  const until = async (holds: () => boolean | Promise<boolean>) => {
    for (;;) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      if (await holds()) return;
      await woken;
    }
  };
  const finds = (query: string, ...uris: string[]) =>
    until(async () => JSON.stringify(await find(knowledge, query)) === JSON.stringify(uris));
  return { watch, events, until, finds };
}

describe.each([
  ["told by the system", {}],
  ["looking", { pollMs: 20 }],
])("%s", (_name, options) => {
  test("new, changed, renamed and removed files and folders are followed", async () => {
    await put({ "a.md": "The zebra.", "deep/b.md": "The lion." });
    await using knowledge = await open();
    const { watch, events, finds } = await watching(knowledge, options);
    expect(events).toMatchObject([{ type: "synced", whole: true, report: { added: ["a.md", "deep/b.md"] } }]);
    await put({ "a.md": "The giraffe." });
    await finds("giraffe", "a.md");
    expect(await find(knowledge, "zebra")).toEqual([]);
    // As editors save: a new file takes the old one's name.
    await writeFile(join(pages, ".a.md.swp"), "The heron.");
    await rename(join(pages, ".a.md.swp"), join(pages, "a.md"));
    await finds("heron", "a.md");
    await put({ "new/and/deep/c.md": "The heron again." });
    await finds("heron", "a.md", "new/and/deep/c.md");
    await rename(join(pages, "new"), join(pages, "old"));
    await finds("heron", "a.md", "old/and/deep/c.md");
    // The renamed folder is followed under its new name.
    await put({ "old/and/deep/c.md": "A toad." });
    await finds("toad", "old/and/deep/c.md");
    await rm(join(pages, "old"), { recursive: true });
    await finds("toad");
    await rm(join(pages, "a.md"));
    await finds("heron");
    expect(await find(knowledge, "lion")).toEqual(["deep/b.md"]);
    await watch.close();
    await watch.closed;
    await put({ "a.md": "Too late." });
    expect(events.every(({ type }) => type === "synced")).toBe(true);
  });

  test("ignore files, globs and links hold, and a change of rules is a change", async () => {
    await put({ "a.md": "zebra", "drafts/b.md": "zebra", "c.txt": "zebra" });
    await put({ "note.log.md": "zebra" });
    await using knowledge = await open();
    const { finds } = await watching(knowledge, { ...options, exclude: ["*.txt"] });
    await finds("zebra", "a.md", "drafts/b.md", "note.log.md");
    await put({ ".advisorignore": "drafts/\n" });
    await finds("zebra", "a.md", "note.log.md");
    await put({ "drafts/d.md": "zebra", "e.md": "zebra", "f.txt": "zebra" });
    await finds("zebra", "a.md", "e.md", "note.log.md");
    await put({ ".advisorignore": "*.log.md\n" });
    await finds("zebra", "a.md", "drafts/b.md", "drafts/d.md", "e.md");
    await symlink(root, join(pages, "out"));
    await put({ "drafts/d.md": "heron" });
    await finds("heron", "drafts/d.md");
  });

  test("a burst of a thousand files is taken in few writes", async () => {
    await using knowledge = await open();
    const { events, until } = await watching(knowledge, { ...options, debounceMs: 100 });
    await put(
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i % 20}/p${i}.md`, `The zebra ${i}.`])),
    );
    await until(async () => (await knowledge.status()).tenants[0]?.documents === 1000);
    const writes = events.filter((event) => event.type === "synced" && !event.whole);
    expect(writes.length).toBeLessThan(30);
    await put({ "f3/p3.md": "The heron." });
    await until(async () => (await find(knowledge, "heron")).length === 1);
  });

  test("the folder goes and comes back: its pages are kept, and followed again", async () => {
    await put({ "a.md": "zebra" });
    await using knowledge = await open();
    const { events, until, finds } = await watching(knowledge, options);
    await rename(pages, join(root, "away"));
    await until(() => events.some(({ type }) => type === "failed"));
    expect(events.find((event) => event.type === "failed")).toMatchObject({
      error: { code: "folder_missing" },
    });
    expect(await find(knowledge, "zebra")).toEqual(["a.md"]);
    await put({ "b.md": "zebra" });
    await finds("zebra", "b.md");
    await put({ "b.md": "heron" });
    await finds("heron", "b.md");
  });
});

test("an edit of one file reads that file alone, and holds the lock only while it is written", async () => {
  await put({ "a.md": "zebra", "b.md": "zebra" });
  await using knowledge = await open();
  await using second = await open();
  const { events, finds } = await watching(knowledge);
  // Would be seen, were the folder looked through; the system tells of it as well, so this one is not waited for.
  await put({ "a.md": "heron" });
  await finds("heron", "a.md");
  const synced = events.filter((event) => event.type === "synced");
  expect(synced.at(-1)).toMatchObject({ report: { changed: ["a.md"], unchanged: 0 } });
  expect((await second.upsert([{ uri: "x", text: "toad" }])).added).toEqual(["x"]);
});

test("a folder that takes a file's name and place, and back, leaves each page stored once", async () => {
  await put({ "x.md/a.md": "zebra", "x.md/b.md": "zebra" });
  await using knowledge = await open();
  const { finds, until } = await watching(knowledge);
  const once = (documents: number, chunks: number) =>
    until(async () => {
      const [tenant] = (await knowledge.status()).tenants;
      return tenant?.documents === documents && tenant.chunks === chunks;
    });
  await rename(join(pages, "x.md"), join(root, "away"));
  await put({ "x.md": "heron" });
  await finds("heron", "x.md");
  await once(1, 1);
  await rm(join(pages, "x.md"));
  await rename(join(root, "away"), join(pages, "x.md"));
  await finds("zebra", "x.md/a.md", "x.md/b.md");
  await once(2, 2);
});

test("bad files are told and the rest goes on; a listener that throws ends the watch", async () => {
  await using knowledge = await open();
  const { watch, events, finds, until } = await watching(knowledge);
  await writeFile(join(pages, "bad.md"), Buffer.from([0xff, 0xfe, 0x00]));
  await until(() => events.some((event) => event.type === "synced" && event.report.skipped.length > 0));
  await put({ "good.md": "zebra" });
  await finds("zebra", "good.md");
  await watch.close();

  const ended = await knowledge.watch?.(pages, {
    rescanMs: 0,
    debounceMs: 10,
    onEvent: (event) => {
      if (event.type === "synced" && !event.whole) throw new Error("enough");
    },
  });
  await put({ "good.md": "heron" });
  await expect(ended?.closed).rejects.toThrow("enough");
});

test("a signal ends it, and wrong use is refused before anything is stored", async () => {
  await using knowledge = await open();
  const controller = new AbortController();
  const { watch } = await watching(knowledge, { signal: controller.signal });
  controller.abort();
  await watch.closed;
  await expect(knowledge.watch?.(join(root, "none"))).rejects.toMatchObject({ code: "folder_missing" });
  await expect(knowledge.watch?.(pages, { exclude: ["../x"] })).rejects.toMatchObject({
    code: "invalid_request",
  });
  await expect(knowledge.watch?.(pages, { pollMs: -1 })).rejects.toMatchObject({ code: "invalid_request" });
});
