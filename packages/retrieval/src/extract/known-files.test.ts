import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKnownFiles } from "./known-files.ts";
import { loadFiles } from "./load-files.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "known-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const state = { key: "1:2:3", settled: true };

test("what was noted and saved is known under the same settings, source and version", async () => {
  const first = await openKnownFiles(root, "s", "settings");
  first.note("doc", state, "v1");
  first.note("racy", { ...state, settled: false }, "v1");
  expect(first.has("doc", state, "v1")).toBe(false);
  await first.save();
  const again = await openKnownFiles(root, "s", "settings");
  expect(again.has("doc", state, "v1")).toBe(true);
  expect(again.has("doc", state, "v2")).toBe(false);
  expect(again.has("doc", { ...state, key: "1:2:4" }, "v1")).toBe(false);
  expect(again.has("racy", state, "v1")).toBe(false);
  expect((await openKnownFiles(root, "other", "settings")).has("doc", state, "v1")).toBe(false);
  expect((await openKnownFiles(root, "s", "others")).has("doc", state, "v1")).toBe(false);
});

test("what is not noted again is forgotten; a damaged or unwritable file only costs time", async () => {
  const first = await openKnownFiles(root, "s", "settings");
  first.note("a", state, "v");
  first.note("b", state, "v");
  await first.save();
  const second = await openKnownFiles(root, "s", "settings");
  second.note("b", state, "v");
  await second.save();
  const third = await openKnownFiles(root, "s", "settings");
  expect([third.has("a", state, "v"), third.has("b", state, "v")]).toEqual([false, true]);
  const [name] = await readdir(join(root, "_files"));
  const file = join(root, "_files", name as string);
  await writeFile(file, (await readFile(file, "utf8")).slice(0, -3));
  expect((await openKnownFiles(root, "s", "settings")).has("b", state, "v")).toBe(false);
  await writeFile(join(root, "file"), "");
  const nowhere = await openKnownFiles(join(root, "file"), "s", "settings");
  nowhere.note("a", state, "v");
  await nowhere.save();
});

test("a file changed just now is not settled, one that was left alone is; order holds and all is read", async () => {
  const uris = Array.from({ length: 100 }, (_, i) => `f${i}.md`);
  for (const [i, uri] of uris.entries()) await writeFile(join(root, uri), `text ${i}`);
  const seen: string[] = [];
  const settings = { root, isBinary: () => false, isKnown: (uri: string) => uri === "f7.md" };
  for await (const file of loadFiles([...uris, "gone.md"], settings)) {
    seen.push(file.uri);
    if (file.uri === "gone.md")
      expect(file).toMatchObject({ kind: "unreadable", reason: "it is no longer there" });
    else if (file.uri === "f7.md") expect(file.kind).toBe("unchanged");
    else
      expect(file).toMatchObject({
        kind: "text",
        content: `text ${seen.length - 1}`,
        state: { settled: false },
      });
  }
  expect(seen).toEqual([...uris, "gone.md"]);
  const old = new URL(import.meta.url).pathname;
  for await (const file of loadFiles(["known-files.test.ts"], { ...settings, root: join(old, "..") }))
    expect(file.state?.key).toMatch(/^\d+:\d+:\d+:\d+:\d+$/);
});
