import type { ChangeReport } from "@advisor/contracts";
import { expect, test } from "vitest";
import { Unreadable } from "./extract/front-matter.ts";
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
  };
  const writer: ChangeWriter = {
    async put(document: SourceDocument) {
      done.put.push(document.uri);
    },
    async remove(stored: readonly StoredHeader[]) {
      done.removed.push(...stored.map(({ uri }) => uri));
    },
    skip: (uri, reason) => done.skipped.push(`${uri}: ${reason}`),
    warn: ({ code }) => done.warned.push(code),
    finish: async () => ({}) as ChangeReport,
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
  });
});

test("when nothing at all could be read, nothing is removed", async () => {
  const { done, writer } = recorder();
  const read = async () => Promise.reject(new Unreadable("it cannot be read (EIO)"));
  const listing = { root: "/x", files: ["a.md"], skipped: [], unlisted: [] };
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
