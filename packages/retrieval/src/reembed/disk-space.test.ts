import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StorePlace } from "../store/open-store.ts";
import { bytesOf, requireSpace } from "./disk-space.ts";

let location: string;
beforeEach(async () => {
  location = await mkdtemp(join(tmpdir(), "disk-space-"));
});
afterEach(() => rm(location, { recursive: true, force: true }));

const MB = 1_000_000;
/** A disk of blocks of 4,000 bytes with so many bytes free. */
const disk = (free: number) => async () => ({ bsize: 4000, bavail: Math.floor(free / 4000) });

test("one and a half times the tables must be free, less what is made of it already", async () => {
  await expect(requireSpace(location, 100 * MB, 0, disk(150 * MB))).resolves.toBeUndefined();
  await expect(requireSpace(location, 100 * MB, 0, disk(149 * MB))).rejects.toMatchObject({
    code: "store_disk_full",
    subject: `knowledge store ${location}`,
    reason: expect.stringContaining("need about 150 MB beside the old ones while they are made, and 149 MB"),
    nextStep: expect.stringContaining("nothing was changed"),
  });
  await expect(requireSpace(location, 100 * MB, 120 * MB, disk(30 * MB))).resolves.toBeUndefined();
  await expect(requireSpace(location, 100 * MB, 119 * MB, disk(30 * MB))).rejects.toMatchObject({
    code: "store_disk_full",
  });
  await expect(requireSpace(location, 0, 0, disk(0))).resolves.toBeUndefined();
});

test("where nothing is told of the disk nobody is refused", async () => {
  const silent = () => Promise.reject(new Error("ENOSYS"));
  await expect(requireSpace(location, 100 * MB, 0, silent)).resolves.toBeUndefined();
  // The disk under the tests has room for a byte, and none for an exabyte.
  await expect(requireSpace(location, 1, 0)).resolves.toBeUndefined();
  await expect(requireSpace(location, 1e18, 0)).rejects.toMatchObject({ code: "store_disk_full" });
});

test("counts the files of the store's tables, however deep, and of an object store none", async () => {
  const place = (over: Partial<StorePlace> = {}) =>
    ({
      location,
      isFolder: true,
      database: { tableNames: async () => ["tenant-a", "history-a", "gone-meanwhile"] },
      ...over,
    }) as StorePlace;
  await mkdir(join(location, "tenant-a.lance/data/deep"), { recursive: true });
  await mkdir(join(location, "history-a.lance"));
  await writeFile(join(location, "tenant-a.lance/data/deep/1"), Buffer.alloc(1000));
  await writeFile(join(location, "tenant-a.lance/2"), Buffer.alloc(200));
  await writeFile(join(location, "history-a.lance/3"), Buffer.alloc(30));
  await writeFile(join(location, "writer.lock"), Buffer.alloc(4));
  expect(await bytesOf(place())).toBe(1230);
  expect(await bytesOf(place({ isFolder: false }))).toBeUndefined();
});
