import { AdvisorError, CancelledError } from "@advisor/contracts";
import type { LlamaContext, LlamaContextSequence } from "./runtime.ts";

/** Which weights a context computes with. Scale 0 is the base. */
export type PoolKey = "base" | { readonly adapter: string; readonly scale: number };

/** A sequence of its own, empty, for one piece of work. */
export interface Lease {
  readonly sequence: LlamaContextSequence;
  /** Gives the sequence back. Its KV cache is erased before anyone else gets it. */
  release(): Promise<void>;
}

export interface AdapterPoolOptions {
  /** Contexts with an adapter that may exist at once. The base's own context is apart and never evicted. */
  readonly maxAdapterContexts: number;
  readonly createContext: (key: PoolKey) => Promise<LlamaContext>;
  /** Looks at a new context through one of its sequences before any work gets it. Throwing refuses the context. */
  readonly examine?: (key: PoolKey, sequence: LlamaContextSequence) => Promise<void>;
}

/**
 * Contexts of one model: the base's, and one for each adapter and scale in use. llama.cpp sets a LoRA for a whole
 * context, so a KV cache never meets another adapter than its own.
 */
export interface AdapterPool {
  /** Waits for a free sequence of that key, in order of arrival. */
  acquire(key: PoolKey, signal?: AbortSignal): Promise<Lease>;
  /** Keys with a live context, the base first, then by last use. */
  live(): readonly PoolKey[];
  /** Refuses new work, waits for what is running or queued, then frees the contexts. */
  dispose(): Promise<void>;
}

interface Slot {
  readonly id: string;
  readonly key: PoolKey;
  readonly free: LlamaContextSequence[];
  context: LlamaContext | undefined;
  inUse: number;
  lastUse: number;
}

interface Waiter {
  readonly id: string;
  readonly key: PoolKey;
  readonly grant: (lease: Lease) => void;
  readonly refuse: (cause: unknown) => void;
}

const BASE = "base";
const idOf = (key: PoolKey) => (key === BASE ? BASE : `${key.adapter}@${key.scale}`);

export function createAdapterPool(options: AdapterPoolOptions): AdapterPool {
  const { maxAdapterContexts, createContext, examine } = options;
  const slots = new Map<string, Slot>();
  let waiters: Waiter[] = [];
  let disposed = false;
  let uses = 0;
  const idle: (() => void)[] = [];
  const closing = new Set<Promise<unknown>>();

  function disposedError(): CancelledError {
    return new CancelledError({
      code: "disposed",
      subject: "model",
      reason: "it was disposed",
      nextStep: "Load it again",
    });
  }

  const busy = () =>
    closing.size > 0 || waiters.length > 0 || [...slots.values()].some((slot) => slot.inUse > 0);

  /** Serves waiters in order. Called after every change of what is free. */
  function pump(): void {
    const left: Waiter[] = [];
    // Whoever waits for room for a context must not be overtaken by newer work of contexts that could be evicted.
    let roomWanted = false;
    for (const waiter of waiters) {
      const evictable = waiter.key !== BASE;
      if ((roomWanted && evictable) || !serve(waiter)) {
        left.push(waiter);
        if (evictable && !slots.has(waiter.id)) roomWanted = true;
      }
    }
    waiters = left;
    if (!busy()) for (const resolve of idle.splice(0)) resolve();
  }

  /** Grants the waiter a sequence, or starts what it needs. False when it has to wait for others. */
  function serve(waiter: Waiter): boolean {
    const slot = slots.get(waiter.id);
    if (slot) {
      const sequence = slot.free.pop();
      if (!sequence) return false;
      waiter.grant(lease(slot, sequence));
      return true;
    }
    if (waiter.key !== BASE && !makeRoom()) return false;
    void open(waiter);
    return true;
  }

  function makeRoom(): boolean {
    const adapters = [...slots.values()].filter((slot) => slot.key !== BASE);
    if (adapters.length < maxAdapterContexts) return true;
    const unused = adapters.filter((slot) => slot.inUse === 0);
    if (unused.length === 0) return false;
    close(unused.reduce((a, b) => (b.lastUse < a.lastUse ? b : a)));
    return true;
  }

  function close(slot: Slot): void {
    slots.delete(slot.id);
    const closed = Promise.resolve(slot.context?.dispose()).finally(() => {
      closing.delete(closed);
      pump();
    });
    closing.add(closed);
  }

  /** Opens a context for its first waiter; the slot counts as in use until then, so nobody evicts it. */
  async function open(waiter: Waiter): Promise<void> {
    const slot: Slot = {
      id: waiter.id,
      key: waiter.key,
      free: [],
      context: undefined,
      inUse: 1,
      lastUse: uses++,
    };
    slots.set(slot.id, slot);
    try {
      const context = await createInFreedRoom(waiter.key);
      slot.context = context;
      const sequences: LlamaContextSequence[] = [];
      while (context.sequencesLeft > 0) sequences.push(context.getSequence());
      await examine?.(waiter.key, sequences[0] as LlamaContextSequence);
      slot.free.push(...sequences);
      slot.inUse = 0;
      waiter.grant(lease(slot, slot.free.pop() as LlamaContextSequence));
    } catch (cause) {
      close(slot);
      waiter.refuse(cause);
      // Others who waited for the same context try for themselves and get their own error.
    }
    pump();
  }

  /** Memory of evicted contexts is given back first. When it still does not suffice, unused contexts go too. */
  async function createInFreedRoom(key: PoolKey): Promise<LlamaContext> {
    await Promise.allSettled(closing);
    try {
      return await createContext(key);
    } catch (cause) {
      const unused = [...slots.values()].filter((slot) => slot.key !== BASE && slot.inUse === 0);
      const outOfMemory = AdvisorError.isInstance(cause) && cause.code === "out_of_memory";
      if (!outOfMemory || unused.length === 0) throw cause;
      unused.forEach(close);
      await Promise.allSettled(closing);
      return await createContext(key);
    }
  }

  function lease(slot: Slot, sequence: LlamaContextSequence): Lease {
    slot.inUse++;
    slot.lastUse = uses++;
    let released = false;
    return {
      sequence,
      async release() {
        if (released) return;
        released = true;
        try {
          await sequence.clearHistory();
          slot.free.push(sequence);
        } finally {
          slot.inUse--;
          pump();
        }
      },
    };
  }

  return {
    acquire(key, signal) {
      const normal = key !== BASE && key.scale === 0 ? BASE : key;
      return new Promise<Lease>((resolve, reject) => {
        if (disposed) {
          reject(disposedError());
          return;
        }
        const onAbort = () => {
          waiters = waiters.filter((each) => each !== waiter);
          waiter.refuse(signal?.reason);
          pump();
        };
        const waiter: Waiter = {
          id: idOf(normal),
          key: normal,
          grant(lease) {
            signal?.removeEventListener("abort", onAbort);
            // Given to someone who left while the context was being made: straight back.
            if (signal?.aborted) void lease.release();
            else resolve(lease);
          },
          refuse(cause) {
            signal?.removeEventListener("abort", onAbort);
            reject(cause);
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        waiters.push(waiter);
        pump();
      });
    },
    live: () =>
      [...slots.values()]
        .sort((a, b) => Number(b.key === BASE) - Number(a.key === BASE) || b.lastUse - a.lastUse)
        .map(({ key }) => key),
    async dispose() {
      disposed = true;
      if (busy()) await new Promise<void>((resolve) => idle.push(resolve));
      await Promise.all([...slots.values()].map(({ context }) => context?.dispose()));
      slots.clear();
    },
  };
}
