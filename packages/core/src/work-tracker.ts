import { CancelledError } from "@advisor/contracts";

/** Counts the work in flight, so that whoever owns native memory can wait for it. */
export interface WorkTracker {
  /** Runs work, unless closed. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Announces work and returns what ends it. */
  enter(): () => void;
  /** Lets no new work in and resolves when what is under way has ended. */
  close(): Promise<void>;
}

export function createWorkTracker(subject: string): WorkTracker {
  const running = new Set<Promise<void>>();
  let closed = false;

  function enter(): () => void {
    if (closed) {
      throw new CancelledError({
        code: "disposed",
        subject,
        reason: "it was disposed",
        nextStep: "Create a new one",
      });
    }
    const { promise, resolve } = withResolvers();
    running.add(promise);
    return () => {
      running.delete(promise);
      resolve();
    };
  }

  return {
    enter,
    async run(work) {
      const leave = enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    async close() {
      closed = true;
      await Promise.all(running);
    },
  };
}

/** `Promise.withResolvers` of Node 22, since Node 20 has none. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
