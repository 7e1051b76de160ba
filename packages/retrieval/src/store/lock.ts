import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type OnProgress, StoreError, throwIfAborted } from "@advisor/contracts";
import { z } from "zod";
import { isRunning, thisProcess } from "./process-identity.ts";
import { storeFailure } from "./store-failure.ts";

/** Names the work in the error of a call that was stopped while it waited. */
const SUBJECT = "writing to the knowledge store";
/** How long a writer waits for another one by default. */
export const DEFAULT_LOCK_TIMEOUT_MS = 30_000;
const LOCK_FILE = "writer.lock";
/** How often a waiting writer looks again. */
const POLL_MS = 100;
/** A lock file that cannot be read, or a take-over that did not end, counts as a killed process's after this long. */
const UNREADABLE_GRACE_MS = 5_000;

const ownerSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  started: z.string().nullable(),
  command: z.string(),
  since: z.string(),
  token: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

export interface LockSettings {
  /** Folder of the store, which is there. */
  readonly location: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const queues = new Map<string, Promise<void>>();

/**
 * Does the work as the store's only writer. Calls of one process take turns; a writer in another process is waited for,
 * for `timeoutMs`, then a StoreError `store_locked` says which process it is. A lock whose process has ended is taken over.
 */
export async function asOnlyWriter<Result>(
  settings: LockSettings,
  work: () => Promise<Result>,
): Promise<Result> {
  const { location, signal } = settings;
  const before = queues.get(location) ?? Promise.resolve();
  let done = () => {};
  const mine = before.then(() => new Promise<void>((resolve) => (done = resolve)));
  queues.set(location, mine);
  try {
    await untilAborted(before, signal);
    const release = await acquire(settings);
    try {
      return await work();
    } finally {
      await release();
    }
  } finally {
    before.then(() => {
      done();
      if (queues.get(location) === mine) queues.delete(location);
    });
  }
}

/** The running process that holds the lock of a store, in words. */
export async function currentWriter(location: string): Promise<string | undefined> {
  const file = join(location, LOCK_FILE);
  const holder = await readOwner(file);
  if (holder === "gone" || (await isStale(file, holder))) return undefined;
  return describe(holder);
}

async function acquire(settings: LockSettings): Promise<() => Promise<void>> {
  const { location, timeoutMs, signal, onProgress } = settings;
  const file = join(location, LOCK_FILE);
  const owner: Owner = {
    ...(await thisProcess()),
    command: [basename(process.execPath), ...process.argv.slice(1)].join(" ").slice(0, 300),
    since: new Date().toISOString(),
    token: randomUUID(),
  };
  const begin = performance.now();
  for (;;) {
    throwIfAborted(signal, SUBJECT, "Call again to go on");
    if (await create(file, owner, location)) {
      await removeOldDrafts(location);
      return () => release(file, owner.token);
    }
    const holder = await readOwner(file);
    if (holder === "gone") continue;
    if (await isStale(file, holder)) {
      await takeOver(file, holder);
      continue;
    }
    const waited = performance.now() - begin;
    if (waited >= timeoutMs) throw locked(location, file, holder, timeoutMs);
    onProgress?.({
      stage: "waiting for another writer",
      done: Math.floor(waited / 1000),
      total: Math.ceil(timeoutMs / 1000),
      unit: "seconds",
      subject: describe(holder),
    });
    await sleep(Math.min(POLL_MS, Math.max(1, timeoutMs - waited)));
  }
}

/** Makes the lock file with its content in one step. False when there is one already. */
async function create(file: string, owner: Owner, location: string): Promise<boolean> {
  const draft = `${file}.${owner.token}`;
  try {
    await writeFile(draft, JSON.stringify(owner), { flag: "wx" });
    await link(draft, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // A file system without hard links.
    if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS") {
      return writeFile(file, JSON.stringify(owner), { flag: "wx" }).then(
        () => true,
        (failure: NodeJS.ErrnoException) => {
          if (failure.code === "EEXIST") return false;
          throw storeFailure(failure, location);
        },
      );
    }
    throw storeFailure(error, location);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Drafts of lock files whose writers were killed between making and linking them. */
async function removeOldDrafts(location: string): Promise<void> {
  for (const name of await readdir(location)) {
    if (!name.startsWith(`${LOCK_FILE}.`) || name.endsWith(".takeover")) continue;
    const draft = join(location, name);
    if ((await ageOf(draft)) > UNREADABLE_GRACE_MS) await rm(draft, { force: true });
  }
}

async function release(file: string, token: string): Promise<void> {
  const holder = await readOwner(file);
  if (typeof holder === "object" && holder.token === token) await rm(file, { force: true });
}

type Holder = Owner | "unreadable";

async function readOwner(file: string): Promise<Holder | "gone"> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "gone" : "unreadable";
  }
}

async function isStale(file: string, holder: Holder): Promise<boolean> {
  if (holder !== "unreadable") return !(await isRunning(holder));
  return (await ageOf(file)) > UNREADABLE_GRACE_MS;
}

/** Removes a stale lock. Only one process at a time may, and it looks again first: another may have taken it over. */
async function takeOver(file: string, stale: Holder): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    if ((await ageOf(guard)) > UNREADABLE_GRACE_MS) await rmdir(guard).catch(() => {});
    await sleep(POLL_MS);
    return;
  }
  try {
    const now = await readOwner(file);
    const same =
      now === "unreadable" || stale === "unreadable"
        ? now === stale
        : now !== "gone" && now.token === stale.token;
    if (same && now !== "gone" && (await isStale(file, now))) await unlink(file).catch(() => {});
  } finally {
    await rmdir(guard).catch(() => {});
  }
}

async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}

function describe(holder: Holder): string {
  if (holder === "unreadable") return "a process that left no name";
  return `process ${holder.pid} on ${holder.host} (${holder.command}), since ${holder.since}`;
}

function locked(location: string, file: string, holder: Holder, timeoutMs: number): StoreError {
  return new StoreError({
    code: "store_locked",
    subject: `knowledge store ${location}`,
    reason: `${describe(holder)}, is writing to it, and did not end within ${Math.round(timeoutMs / 100) / 10} s`,
    nextStep: `Wait for it to end and call again, or end it; if it runs no more on its machine, remove ${file}`,
  });
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  throwIfAborted(signal, SUBJECT, "Call again to go on");
  let stop = () => {};
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", stop, { once: true });
  });
  await Promise.race([promise, aborted]);
  signal.removeEventListener("abort", stop);
  throwIfAborted(signal, SUBJECT, "Call again to go on");
}
