import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  BadInputError,
  type ChangeReport,
  type FolderWatch,
  type Skipped,
  type Warning,
  type WatchEvent,
} from "@advisor/contracts";
import type { FolderListing } from "../extract/folder.ts";
import { mediaTypeOf, systemReason } from "../extract/read-file.ts";
import { createChangeQueue } from "./change-queue.ts";
import { createFolderEvents, type FolderEvents } from "./folder-events.ts";
import { createSnapshot } from "./folder-polling.ts";

/** A change waits at most so many times the quiet that is waited for. */
const LONGEST_WAITS = 10;
/** Between looks when the system cannot tell of changes and the caller named no time. */
const DEFAULT_POLL_MS = 2_000;
/** Looking takes at most this share of the time. */
const MAX_POLL_SHARE = 0.1;
/** Wait after a failure, doubled with each that follows. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** The store is tidied when nothing was written for so long, or at the latest after so many writes. */
const TIDY_QUIET_MS = 5_000;
const MAX_UNTIDY_WRITES = 100;

export interface WatchParts {
  /** Real path. */
  readonly root: string;
  readonly quietMs: number;
  /** Looks instead of being told, this often. */
  readonly pollMs?: number | undefined;
  /** Looks at everything this often, should the system have dropped something; 0 for never. */
  readonly rescanMs: number;
  readonly list: (parts?: readonly string[]) => Promise<FolderListing>;
  /** Brings the whole folder in step, or parts of it: uris, a folder's ending in a slash. */
  readonly sync: (parts: readonly string[] | undefined, signal: AbortSignal) => Promise<ChangeReport>;
  /** Compacts the store and brings its indexes up to date, which may take a while; syncs of parts leave it undone. */
  readonly tidy: (signal: AbortSignal) => Promise<void>;
  readonly onEvent: (event: WatchEvent) => void;
  readonly signal?: AbortSignal | undefined;
  /** Tests put ones that fail in its place. */
  readonly createEvents?: typeof createFolderEvents;
}

/**
 * Keeps a store in step with a folder until it is closed. It listens first and syncs the whole folder then, so that nothing
 * falls between; afterwards it looks only at what it is told has changed. A failure is told and tried again.
 */
export async function watchFolder(parts: WatchParts): Promise<FolderWatch> {
  const { root, quietMs, rescanMs, list, sync, signal, createEvents = createFolderEvents } = parts;
  const stopping = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  let events: FolderEvents | undefined;
  let identity = await identityOf(root);
  let first = true;
  let close: Promise<void> | undefined;
  let settle = { resolve: () => {}, reject: (_error: unknown) => {} };
  const closed = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  closed.catch(() => {});

  const emit = (event: WatchEvent) => {
    if (stopping.signal.aborted) return;
    try {
      parts.onEvent(event);
    } catch (error) {
      settle.reject(error);
      void stop();
    }
  };
  const later = (delay: number, work: () => void) => {
    if (stopping.signal.aborted) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delay);
    timers.add(timer);
  };
  // What was left out, and why, as last told: a later look through the whole folder tells what is new alone.
  let known = new Set<string>();
  const told = (report: ChangeReport, wholeFolder: boolean) => {
    const { added, changed, removed } = report;
    const all = [...report.skipped.map(skippedKey), ...report.warnings.map(warningKey)];
    const again = wholeFolder && !first;
    const skipped = again ? report.skipped.filter((one) => !known.has(skippedKey(one))) : report.skipped;
    const warnings = again ? report.warnings.filter((one) => !known.has(warningKey(one))) : report.warnings;
    if (wholeFolder) known = new Set();
    for (const key of all) known.add(key);
    const something = [added, changed, removed, skipped, warnings].some((list) => list.length > 0);
    if (first || something) emit({ type: "synced", report: { ...report, skipped, warnings }, whole: first });
    first = false;
  };

  const queue = createChangeQueue({
    quietMs,
    longestMs: quietMs * LONGEST_WAITS,
    work: async (uris) => {
      const now = await identityOf(root);
      const moved = now !== identity;
      identity = now;
      if (moved) events?.forget("");
      const wanted = moved || uris?.includes("") ? undefined : uris;
      const changed = await withEvents((current) => followChanges(wanted, current));
      told(await sync(changed, stopping.signal), changed === undefined);
      await tidyLater(changed === undefined);
    },
    onFailure: (error, failures) => {
      const retryInMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
      emit({ type: "failed", error: asError(error), retryInMs });
      return retryInMs;
    },
  });

  let untidy = 0;
  let tidying: NodeJS.Timeout | undefined;

  async function tidyLater(isTidy: boolean): Promise<void> {
    clearTimeout(tidying);
    untidy = isTidy ? 0 : untidy + 1;
    const tidy = async () => {
      untidy = 0;
      await parts.tidy(stopping.signal);
    };
    if (untidy >= MAX_UNTIDY_WRITES) await tidy();
    else if (untidy > 0) {
      const inQuiet = () =>
        tidy().catch((error: unknown) => {
          if (!stopping.signal.aborted)
            emit({ type: "failed", error: asError(error), retryInMs: TIDY_QUIET_MS });
          untidy++;
        });
      tidying = setTimeout(() => {
        resting = inQuiet();
      }, TIDY_QUIET_MS);
    }
  }
  let resting: Promise<void> = Promise.resolve();

  /** Follows the folders among what changed; gives the parts to sync. */
  async function followChanges(
    uris: readonly string[] | undefined,
    current: FolderEvents | undefined,
  ): Promise<string[] | undefined> {
    if (uris === undefined) {
      if (!current) return undefined;
      const { folders } = await list();
      current.follow(new Map([...folders].filter(([prefix]) => !current.follows(prefix))));
      return undefined;
    }
    const changed: string[] = [];
    for (const uri of uris) {
      changed.push(uri);
      const prefix = `${uri}/`;
      const wasFolder = current?.follows(prefix) === true;
      const isFolder = await lstat(join(root, uri)).then(
        (found) => found.isDirectory(),
        () => false,
      );
      if (wasFolder) current?.forget(prefix);
      if (isFolder && current) {
        const { folders } = await list([uri]);
        current.follow(new Map([...folders].filter(([folder]) => folder.startsWith(prefix))));
      }
      // What is gone and has no name of a file that is read may have been a folder.
      if (isFolder || wasFolder || mediaTypeOf(uri) === undefined) changed.push(prefix);
    }
    return changed;
  }

  /** Goes over to looking when the system can follow no more folders. */
  async function withEvents<Result>(
    work: (current: FolderEvents | undefined) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work(events);
    } catch (error) {
      const warning = events && limitReached(error, root);
      if (!warning) throw error;
      events?.close();
      events = undefined;
      emit({ type: "warning", warning });
      await startPolling(DEFAULT_POLL_MS);
      return work(undefined);
    }
  }

  async function startPolling(pollMs: number): Promise<void> {
    const snapshot = createSnapshot(() => list());
    await snapshot.look();
    const look = async () => {
      const begin = performance.now();
      try {
        for (const uri of await snapshot.look()) queue.add(uri);
      } catch (error) {
        emit({ type: "failed", error: asError(error), retryInMs: pollMs });
      }
      later(Math.max(pollMs, (performance.now() - begin) / MAX_POLL_SHARE), look);
    };
    later(pollMs, look);
  }

  function stop(): Promise<void> {
    close ??= (async () => {
      stopping.abort();
      signal?.removeEventListener("abort", stop);
      for (const timer of timers) clearTimeout(timer);
      clearTimeout(tidying);
      events?.close();
      await queue.close();
      await resting;
      settle.resolve();
    })();
    return close;
  }

  // Changes are noted from here on, and worked on after the first sync.
  const early = new Set<string>();
  let ready = false;
  const onChange = (uri: string) => {
    if (ready) queue.add(uri);
    else early.add(uri);
  };
  try {
    signal?.addEventListener("abort", stop, { once: true });
    if (parts.pollMs !== undefined) await startPolling(parts.pollMs);
    else {
      events = createEvents({ root, onChange, onError: (_error, prefix) => onChange(prefix.slice(0, -1)) });
      await withEvents(async (current) => current?.follow((await list()).folders));
    }
    told(await sync(undefined, stopping.signal), true);
  } catch (error) {
    await stop();
    throw error;
  }
  ready = true;
  for (const uri of early) queue.add(uri);
  if (rescanMs > 0) {
    const rescan = () => {
      queue.addAll();
      later(rescanMs, rescan);
    };
    later(rescanMs, rescan);
  }
  return {
    folder: root,
    get polling() {
      return events === undefined;
    },
    closed,
    close: stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Tells a folder from another of the same path, such as an empty one under which a disk was mounted. */
async function identityOf(root: string): Promise<string> {
  try {
    const { dev, ino } = await stat(root, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    throw new BadInputError({
      code: "folder_missing",
      subject: root,
      reason: systemReason(error),
      nextStep: "Put it back; its stored pages are kept until then",
      cause: error,
    });
  }
}

function limitReached(error: unknown, root: string): Warning | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EMFILE" && code !== "ENOSYS") return undefined;
  const reason =
    code === "ENOSPC"
      ? "it has more folders than this system lets a user watch (raise fs.inotify.max_user_watches with sysctl)"
      : code === "EMFILE"
        ? "this system lets a user watch no more (raise fs.inotify.max_user_instances with sysctl)"
        : "this system cannot tell of changes in it";
  return {
    code: "watch_polling",
    message: `${root}: ${reason}, so it is looked through every ${DEFAULT_POLL_MS / 1000} s instead`,
  };
}

const skippedKey = ({ uri, reason }: Skipped) => `${uri}\n${reason}`;
const warningKey = ({ code, message }: Warning) => `${code}\n${message}`;

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
