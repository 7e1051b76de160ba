import { expect, test, vi } from "vitest";
import { createChangeQueue } from "./change-queue.ts";

function started(work: (uris: readonly string[] | undefined) => Promise<void>) {
  const failed: unknown[] = [];
  const queue = createChangeQueue({
    quietMs: 100,
    longestMs: 1000,
    work,
    onFailure: (error) => {
      failed.push(error);
      return 5000;
    },
  });
  return { queue, failed };
}

test("waits for quiet, but not for ever, and hands each over once", async () => {
  vi.useFakeTimers();
  try {
    const batches: (readonly string[] | undefined)[] = [];
    const { queue } = started(async (uris) => void batches.push(uris));
    queue.add("a");
    queue.add("a");
    await vi.advanceTimersByTimeAsync(99);
    queue.add("b");
    await vi.advanceTimersByTimeAsync(99);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([["a", "b"]]);
    for (let i = 0; i < 20; i++) {
      queue.add("c");
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(batches.slice(1)).toEqual([["c"]]);
    await queue.close();
    queue.add("d");
    await vi.advanceTimersByTimeAsync(5000);
    expect(batches).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
});

test("one piece of work at a time; what fails waits, and is tried again with what came meanwhile", async () => {
  vi.useFakeTimers();
  try {
    const batches: (readonly string[] | undefined)[] = [];
    let end = (_error?: Error) => {};
    const { queue, failed } = started(
      (uris) =>
        new Promise((resolve, reject) => {
          batches.push(uris);
          end = (error) => (error ? reject(error) : resolve());
        }),
    );
    queue.add("a");
    await vi.advanceTimersByTimeAsync(100);
    queue.add("b");
    await vi.advanceTimersByTimeAsync(4000);
    expect(batches).toEqual([["a"]]);
    end(new Error("no"));
    await vi.advanceTimersByTimeAsync(4000);
    queue.add("c");
    expect(failed).toHaveLength(1);
    expect(batches).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches[1]).toEqual(["b", "a", "c"]);
    end();
    await vi.advanceTimersByTimeAsync(0);
    queue.addAll();
    await vi.advanceTimersByTimeAsync(100);
    expect(batches[2]).toBeUndefined();
    const closing = queue.close();
    end();
    await closing;
  } finally {
    vi.useRealTimers();
  }
});

test("very many changes become a look at everything", async () => {
  vi.useFakeTimers();
  try {
    const batches: (readonly string[] | undefined)[] = [];
    const { queue } = started(async (uris) => void batches.push(uris));
    for (let i = 0; i < 5000; i++) queue.add(`p${i}`);
    await vi.advanceTimersByTimeAsync(100);
    expect(batches).toEqual([undefined]);
  } finally {
    vi.useRealTimers();
  }
});
