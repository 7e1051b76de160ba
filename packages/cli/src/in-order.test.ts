import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOrder } from "./in-order.ts";

const never = new AbortController().signal;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function* from<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("inOrder", () => {
  it("keeps the order of the items and the limit, whatever the work takes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (delays, concurrency) => {
          let running = 0;
          let most = 0;
          const found = await collect(
            inOrder(from([...delays.entries()]), concurrency, never, async ([index, delay]) => {
              most = Math.max(most, ++running);
              await sleep(delay);
              running--;
              return index;
            }),
          );
          expect(found).toEqual(delays.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(concurrency);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("works side by side up to the limit", async () => {
    let running = 0;
    let most = 0;
    await collect(
      inOrder(from([1, 2, 3, 4, 5, 6]), 3, never, async () => {
        most = Math.max(most, ++running);
        await sleep(10);
        running--;
      }),
    );
    expect(most).toBe(3);
  });

  it("gives a result to someone who waits for it before writing the next item", async () => {
    const got: number[] = [];
    let answered = () => {};
    async function* dialogue() {
      for (const item of [1, 2, 3]) {
        yield item;
        await new Promise<void>((resolve) => {
          answered = resolve;
        });
      }
    }
    for await (const result of inOrder(dialogue(), 4, never, async (item) => item * 10)) {
      got.push(result);
      answered();
    }
    expect(got).toEqual([10, 20, 30]);
  });

  it("ends with the first failure, once the others have ended", async () => {
    let ended = 0;
    const results = inOrder(from([1, 2, 3]), 3, never, async (item) => {
      await sleep(item === 1 ? 5 : 20);
      if (item === 1) throw new Error("one");
      ended++;
    });
    await expect(collect(results)).rejects.toThrow("one");
    expect(ended).toBe(2);
  });

  it("ends when it is aborted while no item comes", async () => {
    const controller = new AbortController();
    async function* silent(): AsyncGenerator<number> {
      await new Promise(() => {});
    }
    const results = collect(inOrder(silent(), 2, controller.signal, async (item) => item));
    controller.abort(new Error("stop"));
    await expect(results).rejects.toThrow("stop");
  });
});
