import { OutOfMemoryError } from "@advisor/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AdapterPoolOptions, createAdapterPool, type Lease, type PoolKey } from "./adapter-pool.ts";
import type { LlamaContext, LlamaContextSequence } from "./runtime.ts";

interface FakeContext {
  readonly key: string;
  disposed: boolean;
}
interface FakeSequence {
  readonly context: FakeContext;
  dirty: boolean;
}

const name = (key: PoolKey) => (key === "base" ? "base" : `${key.adapter}@${key.scale}`);
const adapter = (each: string, scale = 1): PoolKey => ({ adapter: each, scale });
const later = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));
const contextOf = (lease: Lease) => (lease.sequence as unknown as FakeSequence).context;

/** A pool over contexts that only remember what happens to them. */
function fakePool(options: Partial<AdapterPoolOptions> & { sequences?: number } = {}) {
  const contexts: FakeContext[] = [];
  const { sequences = 1, ...rest } = options;
  const pool = createAdapterPool({
    maxAdapterContexts: 2,
    async createContext(key) {
      await later();
      const context: FakeContext = { key: name(key), disposed: false };
      contexts.push(context);
      let left = sequences;
      return {
        get sequencesLeft() {
          return left;
        },
        getSequence() {
          left--;
          const sequence: FakeSequence = { context, dirty: false };
          return Object.assign(sequence, {
            async clearHistory() {
              await later();
              sequence.dirty = false;
            },
          });
        },
        async dispose() {
          await later();
          context.disposed = true;
        },
      } as unknown as LlamaContext;
    },
    ...rest,
  });
  const live = () => contexts.filter(({ disposed }) => !disposed).map(({ key }) => key);
  return { pool, contexts, live };
}

describe("createAdapterPool", () => {
  it("keeps one context an adapter and scale, and evicts the one unused for longest", async () => {
    const { pool, contexts, live } = fakePool();
    for (const key of ["base", adapter("a"), adapter("b"), adapter("a"), adapter("c"), "base"] as const) {
      await (await pool.acquire(key)).release();
    }
    expect(contexts.map(({ key }) => key)).toEqual(["base", "a@1", "b@1", "c@1"]);
    await later(5);
    expect(live()).toEqual(["base", "a@1", "c@1"]);
    expect(pool.live().map(name)).toEqual(["base", "c@1", "a@1"]);
    await (await pool.acquire(adapter("a", 0.5))).release();
    await later(5);
    expect(live().sort()).toEqual(["a@0.5", "base", "c@1"]);
  });

  it("takes scale 0 for the base", async () => {
    const { pool, contexts } = fakePool();
    await (await pool.acquire(adapter("a", 0))).release();
    expect(contexts.map(({ key }) => key)).toEqual(["base"]);
  });

  it("never gives a sequence twice, nor one that still holds another's tokens", async () => {
    const keys = fc.constantFrom<PoolKey>("base", adapter("a"), adapter("b"), adapter("c"), adapter("d"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(keys, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 3 }),
        async (order, sequences) => {
          const { pool, live } = fakePool({ sequences });
          const inUse = new Set<LlamaContextSequence>();
          await Promise.all(
            order.map(async (key) => {
              const lease = await pool.acquire(key);
              const sequence = lease.sequence as unknown as FakeSequence;
              expect(inUse.has(lease.sequence)).toBe(false);
              expect(sequence.dirty).toBe(false);
              expect(contextOf(lease)).toEqual({ key: name(key), disposed: false });
              inUse.add(lease.sequence);
              sequence.dirty = true;
              await later();
              expect(contextOf(lease).disposed).toBe(false);
              inUse.delete(lease.sequence);
              await lease.release();
            }),
          );
          await later(5);
          expect(live().filter((key) => key !== "base").length).toBeLessThanOrEqual(2);
          await pool.dispose();
          expect(live()).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("lets nobody overtake whoever waits for room", async () => {
    const { pool } = fakePool({ maxAdapterContexts: 1, sequences: 2 });
    const first = await pool.acquire(adapter("a"));
    const order: string[] = [];
    const waiting = pool.acquire(adapter("b")).then(async (lease) => {
      order.push("b");
      await lease.release();
    });
    const newer = pool.acquire(adapter("a")).then(async (lease) => {
      order.push("a");
      await lease.release();
    });
    const base = pool.acquire("base").then(async (lease) => {
      order.push("base");
      await lease.release();
    });
    await base;
    expect(order).toEqual(["base"]);
    await first.release();
    await Promise.all([waiting, newer]);
    expect(order).toEqual(["base", "b", "a"]);
  });

  it("forgets who was aborted, whether queued or while a context is made", async () => {
    const { pool } = fakePool();
    const held = await pool.acquire("base");
    const queued = new AbortController();
    const waiting = pool.acquire("base", queued.signal);
    queued.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await held.release();

    const making = new AbortController();
    const opening = pool.acquire(adapter("a"), making.signal);
    making.abort(new Error("gone too"));
    await expect(opening).rejects.toThrow("gone too");
    const lease = await pool.acquire(adapter("a"));
    expect(contextOf(lease).key).toBe("a@1");
    await lease.release();
  });

  it("refuses a context that fails its examination, and tries anew the next time", async () => {
    let bad = true;
    const { pool, live } = fakePool({
      async examine(key) {
        if (key !== "base" && bad) throw new Error("no effect");
      },
    });
    const both = await Promise.allSettled([pool.acquire(adapter("a")), pool.acquire(adapter("a"))]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await later(5);
    expect(live()).toEqual([]);
    bad = false;
    await (await pool.acquire(adapter("a"))).release();
    expect(live()).toEqual(["a@1"]);
  });

  it("gives up unused contexts when memory runs out, once", async () => {
    let full = false;
    const outOfMemory = new OutOfMemoryError({
      code: "out_of_memory",
      subject: "m",
      reason: "full",
      nextStep: "Wait",
    });
    const inner = fakePool({ maxAdapterContexts: 4 });
    const made: string[] = [];
    const pool = createAdapterPool({
      maxAdapterContexts: 4,
      async createContext(key) {
        if (full && made.length > 1) {
          made.length = 1;
          throw outOfMemory;
        }
        made.push(name(key));
        const lease = await inner.pool.acquire(key);
        let left = 1;
        return {
          get sequencesLeft() {
            return left;
          },
          getSequence() {
            left--;
            return lease.sequence;
          },
          dispose: () => lease.release(),
        } as unknown as LlamaContext;
      },
    });
    await (await pool.acquire("base")).release();
    await (await pool.acquire(adapter("a"))).release();
    full = true;
    await (await pool.acquire(adapter("b"))).release();
    expect(pool.live().map(name)).toEqual(["base", "b@1"]);
  });

  it("finishes what runs and what is queued when disposed, and takes nothing new", async () => {
    const { pool, live } = fakePool();
    const running = await pool.acquire("base");
    const queued = pool.acquire("base");
    let done = false;
    const disposing = pool.dispose().then(() => {
      done = true;
    });
    await expect(pool.acquire("base")).rejects.toMatchObject({ code: "disposed" });
    await later(5);
    expect(done).toBe(false);
    await running.release();
    const second = await queued;
    await later(5);
    expect(done).toBe(false);
    await second.release();
    await disposing;
    expect(live()).toEqual([]);
  });
});
