import { mkdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { BadInputError, type Embedder, type OnProgress, StoreError } from "@advisor/contracts";
import { z } from "zod";
import { leaseWriters } from "../writers/lease.ts";
import { DEFAULT_LOCK_TIMEOUT_MS, fileWriters } from "../writers/lock.ts";
import type { Writers } from "../writers/writer-turn.ts";
import { type LanceDatabase, openDatabase } from "./lance.ts";
import { parseLocation, type StorageOptions } from "./location.ts";
import { storeFailure } from "./store-failure.ts";

/** Settings of every call that opens a store. */
export const openingFields = {
  location: z.string().min(1),
  storageOptions: z.record(z.string().min(1), z.string()).default({}),
  allowRemote: z.boolean().default(false),
  embedder: z.custom<Embedder>(
    (value) => typeof (value as Embedder | null)?.embed === "function",
    "must be an embedder",
  ),
  lockTimeoutMs: z.number().min(0).default(DEFAULT_LOCK_TIMEOUT_MS),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function").optional(),
};

/** Table in which the writer's name stands where there are no files to lock. */
const LEASE = "_writer";

/** A place of tables, open, with the turns of those who write to it. */
export interface StorePlace {
  /** Folder, or URI. */
  readonly location: string;
  readonly isFolder: boolean;
  readonly database: LanceDatabase;
  readonly writers: Writers;
  /** Opens a place beneath this one, and makes it when it is missing. */
  beneath(name: string): Promise<StorePlace>;
}

export interface StorePlaceSettings {
  readonly location: string;
  readonly storageOptions: StorageOptions;
  readonly allowRemote: boolean;
  /** Makes the folder when it is missing. */
  readonly create: boolean;
}

/** Opens a store's place, before it is known what it holds. */
export async function openPlace(settings: StorePlaceSettings): Promise<StorePlace> {
  const where = parseLocation(settings.location, settings.storageOptions, settings.allowRemote);
  const options = where.kind === "folder" ? undefined : where.options;
  return place(where.kind === "folder" ? await localFolder(where.path, settings.create) : where.uri, options);
}

async function place(location: string, options: StorageOptions | undefined): Promise<StorePlace> {
  const isFolder = options === undefined;
  const database = await openDatabase(location, options);
  return {
    location,
    isFolder,
    database,
    writers: isFolder
      ? fileWriters({ location })
      : leaseWriters({
          location,
          open: () => database.openCell(LEASE),
          read: () => database.readCell(LEASE),
        }),
    beneath: async (name) =>
      place(isFolder ? await localFolder(join(location, name), true) : `${location}/${name}`, options),
  };
}

/** The store's real path, made when it may be. */
async function localFolder(folder: string, create: boolean): Promise<string> {
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
