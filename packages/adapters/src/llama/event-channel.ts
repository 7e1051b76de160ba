/**
 * Carries events from work that runs by itself to one reader. The work never waits for the reader, so a reader that
 * stops reading holds no native resource.
 */
export interface EventChannel<T> extends AsyncIterable<T> {
  push(event: T): void;
  end(): void;
  fail(cause: unknown): void;
}

export function createEventChannel<T>(): EventChannel<T> {
  const events: T[] = [];
  let read = 0;
  let ended = false;
  let failure: { readonly cause: unknown } | undefined;
  let wake: (() => void) | undefined;

  function notify(): void {
    wake?.();
    wake = undefined;
  }

  return {
    push(event) {
      events.push(event);
      notify();
    },
    end() {
      ended = true;
      notify();
    },
    fail(cause) {
      failure = { cause };
      ended = true;
      notify();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (read < events.length) yield events[read++] as T;
        if (failure) throw failure.cause;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
