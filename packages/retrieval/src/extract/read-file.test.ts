import { appendFile, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Unreadable } from "./front-matter.ts";
import { MAX_BINARY_FILE_BYTES, readBinaryFile, readTextFile } from "./read-file.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "read-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("a file that is written to while it is read is never taken in half", async () => {
  const path = join(root, "a.txt");
  let going = true;
  let length = 0;
  await writeFile(path, "");
  const writing = (async () => {
    while (going) {
      await appendFile(path, "x".repeat(64 * 1024));
      length += 64 * 1024;
      if (length > 8 * 1024 * 1024) {
        await writeFile(path, "");
        length = 0;
      }
    }
  })();
  const reasons = new Set<string>();
  const end = performance.now() + 10_000;
  while (performance.now() < end && !reasons.has("it was changed while it was read; sync again")) {
    try {
      await readTextFile(path);
    } catch (error) {
      expect(error).toBeInstanceOf(Unreadable);
      reasons.add((error as Unreadable).reason);
    }
  }
  going = false;
  await writing;
  expect([...reasons]).toContain("it was changed while it was read; sync again");
  expect((await readTextFile(path)).length).toBe(length);
});

test("a PDF or DOCX may be larger than a text, but not without end", async () => {
  const path = join(root, "a.pdf");
  const file = await open(path, "w");
  await file.truncate(MAX_BINARY_FILE_BYTES + 1);
  await file.close();
  await expect(readBinaryFile(path)).rejects.toMatchObject({
    reason: expect.stringContaining("64 MiB read"),
  });
  await writeFile(path, "");
  await expect(readBinaryFile(path)).rejects.toMatchObject({ reason: "it is empty" });
});
