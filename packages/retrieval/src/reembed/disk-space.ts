import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "@advisor/contracts";
import type { StorePlace } from "../store/open-store.ts";

/** Room for the new tables beside the old ones, as a share of those: vectors may be longer, and indexes are made twice. */
const SHARE = 1.5;

/** What a file system says of its free room, in blocks of `bsize` bytes. */
interface Disk {
  readonly bavail: number;
  readonly bsize: number;
}

/** Bytes that the tables take; undefined on an object store, where nobody counts. */
export async function bytesOf({ location, isFolder, database }: StorePlace): Promise<number | undefined> {
  if (!isFolder) return undefined;
  let bytes = 0;
  for (const table of await database.tableNames()) {
    const folder = join(location, `${table}.lance`);
    for (const entry of await readdir(folder, { recursive: true }).catch(() => [])) {
      const found = await stat(join(folder, entry)).catch(() => undefined);
      if (found?.isFile()) bytes += found.size;
    }
  }
  return bytes;
}

/**
 * @throws StoreError `store_disk_full` when the disk has less room than a second set of tables is likely to take, less
 * what is there of it already. Where nothing is told of the disk, nobody is refused. Tests put another disk in its place.
 */
export async function requireSpace(
  location: string,
  bytes: number,
  there: number,
  lookAt: (path: string) => Promise<Disk> = statfs,
): Promise<void> {
  const needed = bytes * SHARE - there;
  const disk = await lookAt(location).catch(() => undefined);
  if (!disk) return;
  const free = disk.bavail * disk.bsize;
  if (free >= needed) return;
  throw new StoreError({
    code: "store_disk_full",
    subject: `knowledge store ${location}`,
    reason: `the new vectors need about ${megabytes(needed)} beside the old ones while they are made, and ${megabytes(free)} are free`,
    nextStep: "Free some space and call again; nothing was changed",
  });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
}
