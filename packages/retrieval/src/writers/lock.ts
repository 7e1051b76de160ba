import { randomUUID } from "node:crypto";
import { link, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { storeFailure } from "../store/store-failure.ts";
import { livenessOf, processIdentitySchema, thisProcess } from "./process-identity.ts";
import {
  inTurn,
  stopIfAborted,
  storeLocked,
  type TurnOptions,
  tellWaiting,
  turnLost,
  type Writers,
  type WritersSettings,
  type WriterTurn,
} from "./writer-turn.ts";

/** How long a writer waits for another one by default. */
export const DEFAULT_LOCK_TIMEOUT_MS = 30_000;
const LOCK_FILE = "writer.lock";
/** How often a waiting writer looks again. */
const POLL_MS = 100;
/** How often a holder touches its lock. */
const BEAT_MS = 4_000;
/** A holder that cannot be looked at counts as ended once its lock was not touched for this long, on the looker's clock. */
const SILENCE_MS = 24_000;

const ownerSchema = processIdentitySchema.extend({
  command: z.string(),
  since: z.string(),
  token: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

/** A lock as it was found: its owner if that could be read, and what changes when it is touched or replaced. */
interface Found {
  readonly owner: Owner | undefined;
  /** Names this very lock. */
  readonly key: string;
  readonly touched: string;
}

/**
 * Turns by a lock file in the store's folder, which names its owner. A lock whose process has ended is taken over at once,
 * by one of those who wait. A process that cannot be looked at, in another container or on another machine, must have left
 * its lock untouched for a while; ages are taken on the waiting process's own steady clock, so no clock can be wrong.
 */
export function fileWriters({ location, silenceMs = SILENCE_MS }: WritersSettings): Writers {
  const file = join(location, LOCK_FILE);

  const acquire = async (options: TurnOptions): Promise<Owner> => {
    const owner: Owner = {
      ...(await thisProcess()),
      command: [basename(process.execPath), ...process.argv.slice(1)].join(" ").slice(0, 300),
      since: new Date().toISOString(),
      token: randomUUID(),
    };
    const isGone = watchSilence(silenceMs);
    const begin = performance.now();
    for (;;) {
      stopIfAborted(options.signal);
      if (await create(file, owner, location)) return owner;
      const found = await look(file);
      if (!found) continue;
      // Over NFS the answer to a link may be lost: it is there, though it seemed to fail.
      if (found.owner?.token === owner.token) return owner;
      if ((await isGone(found)) && (await succeed(file, found, owner, location, isGone))) return owner;
      const waited = performance.now() - begin;
      if (waited >= options.timeoutMs) {
        const nextStep = `Wait for it to end and call again, or end it; if it runs no more on its machine, remove ${file}`;
        throw storeLocked(location, describe(found), options.timeoutMs, nextStep);
      }
      tellWaiting(options, waited, describe(found));
      await sleep(Math.min(POLL_MS, Math.max(1, options.timeoutMs - waited)));
    }
  };

  return {
    run: (options, work) =>
      inTurn(location, options.signal, async () => {
        const owner = await acquire(options);
        const turn = await hold(file, owner, location);
        try {
          await removeLeavings(location);
          return await work(turn);
        } finally {
          await turn.release();
        }
      }),
    async current() {
      const found = await look(file);
      if (!found) return undefined;
      if (found.owner && (await livenessOf(found.owner)) === "ended") return undefined;
      return describe(found);
    },
  };
}

/** Keeps the lock until it is released. */
async function hold(
  file: string,
  owner: Owner,
  location: string,
): Promise<WriterTurn & { release(): Promise<void> }> {
  const isMine = async () => (await look(file))?.owner?.token === owner.token;
  // Touched by its handle: a lock that was put in its place is not.
  const handle = await open(file, "r+").catch(() => undefined);
  const timer = setInterval(() => {
    const now = new Date();
    handle?.utimes(now, now).catch(() => {});
  }, BEAT_MS);
  timer.unref();
  return {
    async check() {
      if (!(await isMine())) throw turnLost(location);
    },
    async release() {
      clearInterval(timer);
      await handle?.close().catch(() => {});
      if (await isMine()) await rm(file, { force: true });
    },
  };
}

/** Tells whether the owner of a lock has ended. Of one it cannot look at, it knows after some silence. */
function watchSilence(silenceMs: number): (found: Found) => Promise<boolean> {
  const seen = new Map<string, { readonly touched: string; readonly since: number }>();
  return async (found) => {
    const liveness = found.owner ? await livenessOf(found.owner) : "unknown";
    if (liveness !== "unknown") return liveness === "ended";
    const before = seen.get(found.key);
    if (before?.touched === found.touched) return performance.now() - before.since >= silenceMs;
    seen.set(found.key, { touched: found.touched, since: performance.now() });
    return false;
  };
}

/**
 * Puts this writer's lock in place of one whose owner has ended. Of all who wait, the one who makes the file that names
 * the ended owner may; when that one is killed on the way, the one who makes the file that names it; and so on.
 */
async function succeed(
  file: string,
  ended: Found,
  owner: Owner,
  location: string,
  isGone: (found: Found) => Promise<boolean>,
): Promise<boolean> {
  const claims: string[] = [];
  for (let gone = ended; ; ) {
    const claim = `${file}.after-${gone.key}`;
    claims.push(claim);
    if (await create(claim, owner, location)) break;
    const claimant = await look(claim);
    // Another one is at it, or done.
    if (!claimant || !(await isGone(claimant))) return false;
    gone = claimant;
  }
  try {
    if ((await look(file))?.key !== ended.key) return false;
    const draft = `${file}.${owner.token}`;
    await writeFile(draft, JSON.stringify(owner));
    await rename(draft, file);
    return true;
  } catch (error) {
    throw storeFailure(error, location);
  } finally {
    for (const claim of claims) await rm(claim, { force: true });
  }
}

/** Makes a file that names the owner, whole from the start. False when there is one already. */
async function create(file: string, owner: Owner, location: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
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

async function look(file: string): Promise<Found | undefined> {
  let text: string;
  let stats: { readonly ino: number; readonly mtimeMs: number };
  try {
    // Opened, since over NFS a plain stat may tell of a minute ago.
    const handle = await open(file, "r");
    try {
      text = await handle.readFile("utf8");
      stats = await handle.stat();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { owner: undefined, key: "unreadable", touched: "" };
  }
  const touched = String(stats.mtimeMs);
  try {
    const owner = ownerSchema.parse(JSON.parse(text));
    return { owner, key: owner.token, touched };
  } catch {
    return { owner: undefined, key: `unreadable-${stats.ino}`, touched };
  }
}

/** Drafts and claims of writers that were killed. */
async function removeLeavings(location: string): Promise<void> {
  for (const name of await readdir(location)) {
    if (!name.startsWith(`${LOCK_FILE}.`)) continue;
    const path = join(location, name);
    const owner = (await look(path))?.owner;
    if (owner && (await livenessOf(owner)) === "ended") await rm(path, { force: true });
  }
}

function describe({ owner }: Found): string {
  if (!owner) return "a process that left no name";
  return `process ${owner.pid} on ${owner.host} (${owner.command}), since ${owner.since}`;
}
