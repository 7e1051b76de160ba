/** A part that loads on first use, once, however many ask at the same time. */
export interface LazyPart<T> {
  /** Loads it or returns it. A failed load is not remembered: the next call tries again. */
  get(): Promise<T>;
  /** Frees it, after a load under way has ended. Never loads it. */
  dispose(): Promise<void>;
}

export function lazyPart<T>(load: () => Promise<T>, free: (part: T) => Promise<void>): LazyPart<T> {
  let loading: Promise<T> | undefined;
  return {
    get() {
      loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return loading;
    },
    async dispose() {
      const part = await loading?.catch(() => undefined);
      loading = undefined;
      if (part !== undefined) await free(part);
    },
  };
}
