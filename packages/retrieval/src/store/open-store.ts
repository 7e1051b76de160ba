import { mkdir, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { BadInputError, StoreError, type WriteOptions } from "@advisor/contracts";
import { type LanceDatabase, openDatabase } from "./lance.ts";
import { isLocalLocation } from "./local-location.ts";
import { asOnlyWriter } from "./lock.ts";
import { storeFailure } from "./store-failure.ts";

/** A store's place, open, before it is known what it holds. */
export interface OpenStore {
  readonly location: string;
  /** Where the manifest is, and the tables of the first generation. */
  readonly root: LanceDatabase;
  /** Does the work as the only writer of all processes. */
  exclusively<Result>(options: WriteOptions, work: () => Promise<Result>): Promise<Result>;
}

export interface OpenStoreSettings {
  readonly location: string;
  /** Makes the folder when it is missing. */
  readonly create: boolean;
  readonly lockTimeoutMs: number;
}

export async function openStore(settings: OpenStoreSettings): Promise<OpenStore> {
  const isLocal = isLocalLocation(settings.location);
  const location = isLocal ? await localFolder(settings.location, settings.create) : settings.location;
  const timeoutMs = settings.lockTimeoutMs;
  return {
    location,
    root: await openDatabase(location),
    exclusively: ({ signal, onProgress }, work) =>
      // Object stores have no files to lock; there LanceDB's own conditional commits keep writers apart.
      isLocal ? asOnlyWriter({ location, timeoutMs, signal, onProgress }, work) : work(),
  };
}

/** The store's real path, made when it may be. */
async function localFolder(path: string, create: boolean): Promise<string> {
  const folder = resolve(path);
  try {
    if (create) await mkdir(folder, { recursive: true });
    if (!(await stat(folder)).isDirectory()) throw notAFolder(folder);
    return await realpath(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !create) throw missing(folder);
    if (code === "EEXIST" || code === "ENOTDIR") throw notAFolder(folder);
    throw storeFailure(error, folder);
  }
}

export function missing(location: string): StoreError {
  return new StoreError({
    code: "store_missing",
    subject: `knowledge store ${location}`,
    reason: "there is no store",
    nextStep: "Sync a folder into it first, or name another location",
  });
}

function notAFolder(location: string): BadInputError {
  return new BadInputError({
    code: "invalid_setting",
    subject: `knowledge store ${location}`,
    reason: "it is a file, not a folder",
    nextStep: "Name a folder for the store",
  });
}
