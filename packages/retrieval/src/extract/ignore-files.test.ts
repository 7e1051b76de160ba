import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listFolder } from "./folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ignore-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const list = async (files: Record<string, string | Buffer>) => {
  for (const [uri, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, uri)), { recursive: true });
    await writeFile(join(root, uri), content);
  }
  return listFolder(root);
};

test("ignore files hold at every level, the deepest word wins, and case matters", async () => {
  const { files, skipped } = await list({
    ".gitignore": "\ufeff# built\nbuild/\n*.txt\n!keep.txt\n/only-top.md\nDraft.md\n",
    ".advisorignore": "secret.md\n",
    "a.md": "a",
    "a.txt": "a",
    "keep.txt": "a",
    "only-top.md": "a",
    "draft.md": "a",
    "Draft.md": "a",
    "build/b.md": "a",
    "sub/only-top.md": "a",
    "sub/secret.md": "a",
    "sub/.gitignore": "!wanted.txt\nc*.md\n",
    "sub/wanted.txt": "a",
    "sub/other.txt": "a",
    "sub/c1.md": "a",
    "sub/deep/.advisorignore": "!c2.md\n!secret.md",
    "sub/deep/c2.md": "a",
    "sub/deep/c3.md": "a",
    "sub/deep/secret.md": "a",
    "c1.md": "a",
  });
  expect(files).toEqual([
    "a.md",
    "c1.md",
    "draft.md",
    "keep.txt",
    "sub/deep/c2.md",
    "sub/deep/secret.md",
    "sub/only-top.md",
    "sub/wanted.txt",
  ]);
  expect(skipped).toEqual([]);
});

test("a folder inside an ignored one cannot come back, as in Git", async () => {
  const { files } = await list({
    ".gitignore": "build/\n!build/keep/\n",
    "build/keep/a.md": "a",
    "build/.gitignore": "!keep/",
    "b.md": "b",
  });
  expect(files).toEqual(["b.md"]);
});

test("a folder whose ignore file cannot be read is left out and kept as it was", async () => {
  const { files, skipped, unlisted } = await list({
    "a.md": "a",
    "sub/.gitignore": Buffer.from([0x00, 0x01, 0xff]),
    "sub/b.md": "b",
    "long/.advisorignore": "x\n".repeat(200_000),
    "long/c.md": "c",
    "none/.gitignore": "",
    "none/d.md": "d",
  });
  expect(files).toEqual(["a.md", "none/d.md"]);
  expect(skipped.map(({ uri }) => uri)).toEqual(["long/.advisorignore", "sub/.gitignore"]);
  expect(skipped[1]?.reason).toContain("so its folder was left out");
  expect([...unlisted].sort()).toEqual(["long/", "sub/"]);
});

test("what tools write for tools is left out by its name", async () => {
  const { files, skipped } = await list({ "package-lock.json": "{}", "x.min.js": "x", "package.json": "{}" });
  expect(files).toEqual(["package.json"]);
  expect(skipped.map(({ reason }) => reason)).toEqual(
    Array(2).fill("it is written by a tool, not by a person"),
  );
});
