import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { ChangeReport } from "@advisor/contracts";
import { expect, test } from "vitest";
import { Unreadable } from "../extract/front-matter.ts";
import { ISOLATED_LENGTH } from "../extract/isolated-reader.ts";
import type { SourceDocument } from "./prepare.ts";
import { syncFolder } from "./sync.ts";
import type { ChangeWriter, StoredHeader } from "./write.ts";

/** A writer that only remembers. */
function recorder() {
  const done = {
    put: [] as string[],
    removed: [] as string[],
    skipped: [] as string[],
    warned: [] as string[],
    kept: 0,
  };
  const writer: ChangeWriter = {
    async put(document: SourceDocument) {
      done.put.push(document.uri);
      return `version of ${document.uri}`;
    },
    keep: () => done.kept++,
    async remove(stored: readonly StoredHeader[]) {
      done.removed.push(...stored.map(({ uri }) => uri));
    },
    skip: (uri, reason) => done.skipped.push(`${uri}: ${reason}`),
    warn: ({ code }) => done.warned.push(code),
    finish: async () => ({}) as ChangeReport,
    settle: async () => {},
  };
  return { done, writer };
}

const stored = (...uris: string[]) =>
  new Map(uris.map((uri) => [uri, { id: uri, uri, version: "1", fingerprint: "1", length: 1 }]));

test("a file that may not be read is skipped and kept, one below a folder that may not be listed is kept", async () => {
  const { done, writer } = recorder();
  await syncFolder({
    writer,
    listing: {
      root: "/x",
      files: ["a.md", "b.md"],
      skipped: [{ uri: "shut", reason: "permission denied" }],
      unlisted: ["shut/"],
      folders: new Map(),
    },
    stored: stored("a.md", "b.md", "shut/c.md", "gone.md"),
    tenant: "t",
    source: "s",
    defaultRoles: [],
    read: async (path) => {
      if (path.endsWith("a.md")) throw new Unreadable("it cannot be read (permission denied)");
      return "text";
    },
  });
  expect(done).toEqual({
    put: ["b.md"],
    removed: ["gone.md"],
    skipped: ["shut: permission denied", "a.md: it cannot be read (permission denied)"],
    warned: [],
    kept: 0,
  });
});

test("when nothing at all could be read, nothing is removed", async () => {
  const { done, writer } = recorder();
  const read = async () => Promise.reject(new Unreadable("it cannot be read (EIO)"));
  const listing = { root: "/x", files: ["a.md"], skipped: [], unlisted: [], folders: new Map() };
  await syncFolder({
    writer,
    listing,
    stored: stored("a.md", "gone.md"),
    tenant: "t",
    source: "s",
    defaultRoles: [],
    read,
  });
  expect(done).toMatchObject({ removed: [], warned: ["folder_empty"] });
});

test("a file whose state is known is not read, and every state is noted with the version that was stored", async () => {
  const root = await mkdtemp(join(tmpdir(), "sync-known-"));
  try {
    for (const uri of ["a.md", "b.md"]) await writeFile(join(root, uri), "text");
    const { done, writer } = recorder();
    const read: string[] = [];
    const noted: string[] = [];
    let saved = 0;
    await syncFolder({
      writer,
      listing: { root, files: ["a.md", "b.md"], skipped: [], unlisted: [], folders: new Map() },
      stored: stored("a.md"),
      ...{ tenant: "t", source: "s", defaultRoles: [] },
      known: {
        has: (id, _state, version) => id === "a.md" && version === "1",
        note: (_id, { key }, version) => noted.push(`${version} ${key.split(":").length}`),
        save: async () => void saved++,
      },
      read: async (path) => {
        read.push(basename(path));
        return "text";
      },
    });
    expect(read).toEqual(["b.md"]);
    expect(done).toMatchObject({ put: ["b.md"], kept: 1, removed: [] });
    expect(noted).toEqual(["1 5", "version of b.md 5"]);
    expect(saved).toBe(1);
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a long text is read by the isolated reader, a short one where it is", async () => {
  const { writer } = recorder();
  const readings: string[] = [];
  const isolated: string[] = [];
  writer.put = async ({ uri, read }) => {
    readings.push(`${uri}: ${read ? (await read()).text : "here"}`);
    return "1";
  };
  const long = "a".repeat(ISOLATED_LENGTH + 1);
  await syncFolder({
    writer,
    listing: {
      root: "/x",
      files: ["long.md", "short.md"],
      skipped: [],
      unlisted: [],
      folders: new Map(),
    },
    stored: stored(),
    tenant: "t",
    source: "s",
    defaultRoles: [],
    read: async (path) => (path.endsWith("long.md") ? long : long.slice(1)),
    reader: {
      unpack: () => Promise.reject(new Error("not a text")),
      readText: async ({ uri, mediaType, content }) => {
        isolated.push(`${uri} ${mediaType} ${content === long}`);
        return { text: "read apart", blocks: [], metadata: {}, warnings: [] };
      },
      dispose: async () => {},
    },
  });
  expect(isolated).toEqual(["long.md text/markdown true"]);
  expect(readings).toEqual(["long.md: read apart", "short.md: here"]);
});
