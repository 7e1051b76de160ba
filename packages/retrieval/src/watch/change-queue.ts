/** Uris that wait to be written, and when they are. */
export interface ChangeQueue {
  add(uri: string): void;
  /** Everything is to be looked at again. */
  addAll(): void;
  /** Starts work on what waits now, without waiting for quiet. */
  hurry(): void;
  /** Takes no more, and waits for the work in hand. */
  close(): Promise<void>;
}

export interface ChangeQueueSettings {
  /** How long nothing may have changed before work begins, and how long a change waits at most, in milliseconds. */
  readonly quietMs: number;
  readonly longestMs: number;
  /** Does the work; undefined for all. What it throws puts the changes back, to be tried again after the wait. */
  readonly work: (uris: readonly string[] | undefined) => Promise<void>;
  /** Told of a failure; gives the time until the next try, in milliseconds. */
  readonly onFailure: (error: unknown, failures: number) => number;
}

/** Beyond this many uris it is quicker to look at the whole folder, and the system may have dropped some. */
const MAX_URIS = 2_000;

/** Gathers changes until it is quiet, and hands them over; one piece of work at a time. */
export function createChangeQueue(settings: ChangeQueueSettings): ChangeQueue {
  const { quietMs, longestMs, work, onFailure } = settings;
  let uris = new Set<string>();
  let all = false;
  let since: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let closed = false;

  const start = (delay: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      run();
    }, delay);
  };
  const waits = () => all || uris.size > 0;
  const schedule = () => {
    // After a failure its own wait decides, and during work its end.
    if (closed || running || failures > 0) return;
    const now = performance.now();
    since ??= now;
    start(Math.max(0, Math.min(quietMs, since + longestMs - now)));
  };
  const run = () => {
    if (closed || running || !waits()) return;
    const taken = all ? undefined : [...uris];
    uris = new Set();
    all = false;
    since = undefined;
    running = work(taken).then(
      () => {
        failures = 0;
        running = undefined;
        if (waits()) schedule();
      },
      (error: unknown) => {
        failures++;
        if (taken === undefined) all = true;
        for (const uri of taken ?? []) uris.add(uri);
        running = undefined;
        if (!closed) start(onFailure(error, failures));
      },
    );
  };
  return {
    add(uri) {
      if (all) return schedule();
      uris.add(uri);
      if (uris.size > MAX_URIS) {
        uris.clear();
        all = true;
      }
      schedule();
    },
    addAll() {
      uris.clear();
      all = true;
      schedule();
    },
    hurry() {
      if (closed || running) return;
      clearTimeout(timer);
      run();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
