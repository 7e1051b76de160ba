import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrivateFolder } from "./private-copy.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advisor-copy-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("createPrivateFolder", () => {
  it("copies what has the hash, for its owner alone, and removes it", async () => {
    const path = join(folder, "a.gguf");
    await writeFile(path, "content");
    const copies = createPrivateFolder();
    const copy = await copies.copy(path, sha256("content"));
    expect(copy.endsWith(`${sha256("content")}.gguf`)).toBe(true);
    expect(await readFile(copy, "utf8")).toBe("content");
    expect((await stat(copy)).mode & 0o077).toBe(0);
    expect((await stat(dirname(copy))).mode & 0o077).toBe(0);
    await copies.remove();
    await expect(stat(dirname(copy))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("refuses another content and a file that is gone", async () => {
    const path = join(folder, "b.gguf");
    await writeFile(path, "changed");
    const copies = createPrivateFolder();
    await expect(copies.copy(path, sha256("content"))).rejects.toMatchObject({
      code: "adapter_invalid",
      subject: path,
    });
    await expect(copies.copy(join(folder, "none.gguf"), sha256(""))).rejects.toMatchObject({
      code: "adapter_invalid",
    });
    await copies.remove();
  });
});
