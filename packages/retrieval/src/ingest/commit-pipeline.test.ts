import { describe, expect, test } from "vitest";
import { createCommitPipeline } from "./commit-pipeline.ts";

/** A step that ends when it is told to. */
function gates() {
  const open = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  const wait = (name: string) =>
    new Promise<void>((resolve, reject) => void open.set(name, { resolve, reject }));
  return { open, wait };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("createCommitPipeline", () => {
  test("embeds one batch while it writes the one before, and lets no third in", async () => {
    const log: string[] = [];
    const { open, wait } = gates();
    const pipeline = createCommitPipeline<string, string>({
      embed: async (batch) => {
        log.push(`embed ${batch}`);
        await wait(`embed ${batch}`);
        return batch.toUpperCase();
      },
      write: async (batch, embedded) => {
        log.push(`write ${batch} ${embedded}`);
        await wait(`write ${batch}`);
      },
    });
    await pipeline.push("a");
    let taken = false;
    const second = pipeline.push("b").then(() => {
      taken = true;
    });
    await settled();
    expect([log, taken]).toEqual([["embed a"], false]);
    open.get("embed a")?.resolve();
    await second;
    await settled();
    expect(log).toEqual(["embed a", "write a A", "embed b"]);
    open.get("embed b")?.resolve();
    const drained = pipeline.drain();
    await settled();
    expect(log.at(-1)).toBe("embed b");
    open.get("write a")?.resolve();
    await settled();
    expect(log.at(-1)).toBe("write b B");
    open.get("write b")?.resolve();
    await drained;
  });

  test("a batch that fails is the last: nothing after it is written, and every later call says why", async () => {
    const written: number[] = [];
    const pipeline = createCommitPipeline<number, number>({
      embed: async (batch) => batch,
      write: async (batch) => {
        if (batch === 2) throw new Error("disk full");
        written.push(batch);
      },
    });
    const all = async () => {
      for (const batch of [1, 2, 3, 4]) await pipeline.push(batch);
      await pipeline.drain();
    };
    await expect(all()).rejects.toThrow("disk full");
    await expect(pipeline.drain()).rejects.toThrow("disk full");
    await pipeline.settle();
    expect(written).toEqual([1]);
  });
});
