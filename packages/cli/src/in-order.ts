/**
 * Works on a few items at once and yields the results in the order of the items, each as soon as it and those before it
 * are there: whoever writes an item and waits for its result before writing the next is not kept waiting.
 *
 * A failure ends it once the work under way has ended. Aborting ends it too, even while no item comes.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  concurrency: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const iterator = items[Symbol.asyncIterator]();
  const running: Running<Result>[] = [];
  const aborted = whenAborted(signal);
  let coming: Promise<IteratorResult<Item>> | undefined;
  let exhausted = false;
  try {
    for (;;) {
      if (!exhausted && running.length < concurrency) coming ??= iterator.next();
      const first = running[0];
      if (coming) {
        const events: Promise<unknown>[] = [aborted.promise, coming];
        if (first) events.push(first.ended);
        await Promise.race(events);
      }
      if (first && (!coming || first.settled)) {
        yield await first.result;
        running.shift();
      } else if (coming) {
        const { done, value } = await coming;
        coming = undefined;
        if (done) exhausted = true;
        else running.push(start(work(value)));
      } else {
        return;
      }
    }
  } finally {
    aborted.forget();
    await Promise.all(running.map(({ ended }) => ended));
    // Not awaited: an iterator that waits for its next item would never return.
    void iterator.return?.();
  }
}

interface Running<Result> {
  readonly result: Promise<Result>;
  /** Fulfilled at its end, well or not. */
  readonly ended: Promise<void>;
  settled: boolean;
}

function start<Result>(result: Promise<Result>): Running<Result> {
  const end = () => {
    running.settled = true;
  };
  const running: Running<Result> = { result, ended: result.then(end, end), settled: false };
  return running;
}

function whenAborted(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  // Nobody may be waiting when it comes.
  promise.catch(() => undefined);
  return { promise, forget: () => signal.removeEventListener("abort", stop) };
}
