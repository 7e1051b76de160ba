import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Cell } from "./cell.ts";
import { leaseWriters } from "./lease.ts";

/** A cell in memory, which can be made to fail, to lose answers, and to be slow. */
function memoryCell() {
  let value = "";
  const faults: ("fails" | "loses its answer")[] = [];
  const cell: Cell = {
    read: async () => value,
    async swap(expected, next) {
      await sleep(1);
      const fault = faults.shift();
      if (fault === "fails") throw new Error("no answer");
      if (value !== expected) return false;
      value = next;
      if (fault === "loses its answer") throw new Error("answer lost");
      return true;
    },
    prune: async () => {},
    close: () => {},
  };
  return {
    cell,
    faults,
    get value() {
      return value;
    },
    set value(next) {
      value = next;
    },
  };
}

let count = 0;
/** Writers as another machine would have them: a location of their own gives them a queue of their own. */
function machine(memory: ReturnType<typeof memoryCell>, silenceMs = 300) {
  return leaseWriters({
    location: `test-${count++}`,
    open: async () => memory.cell,
    read: async () => memory.value,
    silenceMs,
  });
}

describe("leaseWriters", () => {
  test("one at a time on all machines, whatever each does", async () => {
    const memory = memoryCell();
    let inside = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        machine(memory, 20_000).run({ timeoutMs: 60_000 }, async (turn) => {
          expect(++inside).toBe(1);
          await turn.check();
          await sleep(2);
          inside--;
          if (i === 3) throw new Error("fails");
          return i;
        }),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(7);
    expect(memory.value).toBe("");
  });

  test("a holder that lives keeps it for longer than the lease; who waits too long is told who has it", async () => {
    const memory = memoryCell();
    const told: string[] = [];
    let end = () => {};
    const holder = machine(memory).run({ timeoutMs: 1000 }, async (turn) => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      await turn.check();
    });
    const other = machine(memory);
    const attempt = other.run(
      { timeoutMs: 1200, onProgress: ({ subject = "" }) => told.push(subject) },
      async () => {},
    );
    await expect(attempt).rejects.toMatchObject({
      code: "store_locked",
      message: expect.stringContaining(`process ${process.pid} on`),
    });
    expect(told[0]).toContain(`process ${process.pid}`);
    expect(await other.current()).toContain(`process ${process.pid}`);
    end();
    await holder;
    expect(await other.current()).toBeUndefined();
  });

  test("a killed holder is succeeded after its silence; a value that nobody can read too", async () => {
    const dead = JSON.stringify({ token: "t", beat: 3, owner: "process 1 on gone" });
    for (const value of [dead, "?"]) {
      const memory = memoryCell();
      memory.value = value;
      const begin = performance.now();
      await expect(machine(memory).run({ timeoutMs: 20_000 }, async () => "mine")).resolves.toBe("mine");
      expect(performance.now() - begin).toBeGreaterThanOrEqual(300);
      expect(memory.value).toBe("");
    }
  });

  test("a holder that was succeeded is told before it commits, and leaves the other's lease alone", async () => {
    const memory = memoryCell();
    const turn = machine(memory).run({ timeoutMs: 1000 }, async (mine) => {
      await mine.check();
      memory.value = "another's";
      // A machine that stood still: nothing ran, then the next commit is at hand.
      const until = performance.now() + 250;
      while (performance.now() < until);
      await mine.check();
    });
    await expect(turn).rejects.toMatchObject({
      code: "store_locked",
      reason: expect.stringContaining("took its turn"),
    });
    expect(memory.value).toBe("another's");
  });

  test("a failed renewal is tried again; one that a commit needs and that fails, fails the commit", async () => {
    const memory = memoryCell();
    await machine(memory).run({ timeoutMs: 1000 }, async (mine) => {
      memory.faults.push("fails");
      await sleep(250);
      await mine.check();
      memory.faults.push("fails", "fails", "fails", "fails");
      const until = performance.now() + 250;
      while (performance.now() < until);
      await expect(mine.check()).rejects.toThrow("no answer");
      memory.faults.length = 0;
      await mine.check();
    });
    expect(memory.value).toBe("");
  });

  test("an aborted signal ends the wait", async () => {
    const memory = memoryCell();
    memory.value = "another's";
    const signal = AbortSignal.timeout(50);
    await expect(
      machine(memory, 60_000).run({ timeoutMs: 60_000, signal }, async () => {}),
    ).rejects.toMatchObject({ code: "cancelled" });
  });
});
