import { type OnProgress, StoreError, throwIfAborted } from "@advisor/contracts";

/** Names the work in the error of a call that was stopped while it waited. */
const SUBJECT = "writing to the knowledge store";

/** A turn at writing. */
export interface WriterTurn {
  /** Asked before each commit. @throws StoreError `store_locked` when the turn was taken over by another writer. */
  check(): Promise<void>;
}

export interface TurnOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** What makes the writers of all processes take turns. */
export interface Writers {
  run<Result>(options: TurnOptions, work: (turn: WriterTurn) => Promise<Result>): Promise<Result>;
  /** The writer at work now, in words. */
  current(): Promise<string | undefined>;
}

/** Where writers take turns. */
export interface WritersSettings {
  /** Folder of the store, which is there, or its URI. */
  readonly location: string;
  /**
   * A holder that nothing is known of but that it has been silent for so long counts as ended, on the looker's own clock.
   * Tests put a shorter one in its place.
   */
  readonly silenceMs?: number;
}

const queues = new Map<string, Promise<void>>();

/** Calls of this process take turns, in order, so that only one of them waits for other processes. */
export async function inTurn<Result>(
  location: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = queues.get(location) ?? Promise.resolve();
  let done = () => {};
  const mine = before.then(() => new Promise<void>((resolve) => (done = resolve)));
  queues.set(location, mine);
  try {
    await untilAborted(before, signal);
    return await work();
  } finally {
    before.then(() => {
      done();
      if (queues.get(location) === mine) queues.delete(location);
    });
  }
}

/** @throws CancelledError when the signal of a waiting call is aborted. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  throwIfAborted(signal, SUBJECT, "Call again to go on");
}

export function tellWaiting(options: TurnOptions, waitedMs: number, subject: string): void {
  options.onProgress?.({
    stage: "waiting for another writer",
    done: Math.floor(waitedMs / 1000),
    total: Math.ceil(options.timeoutMs / 1000),
    unit: "seconds",
    subject,
  });
}

export function storeLocked(
  location: string,
  holder: string,
  timeoutMs: number,
  nextStep: string,
): StoreError {
  return new StoreError({
    code: "store_locked",
    subject: `knowledge store ${location}`,
    reason: `${holder}, is writing to it, and did not end within ${Math.round(timeoutMs / 100) / 10} s`,
    nextStep,
  });
}

export function turnLost(location: string): StoreError {
  return new StoreError({
    code: "store_locked",
    subject: `knowledge store ${location}`,
    reason: "this writer stood still for so long that another one took its turn",
    nextStep: "Call again: what was stored stays stored, and it goes on from there",
  });
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  stopIfAborted(signal);
  let stop = () => {};
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", stop, { once: true });
  });
  await Promise.race([promise, aborted]);
  signal.removeEventListener("abort", stop);
  stopIfAborted(signal);
}
