import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spawnChild } from "../../test/spawn-child.ts";
import { fileWriters } from "./lock.ts";
import { thisProcess } from "./process-identity.ts";
import type { TurnOptions, WritersSettings, WriterTurn } from "./writer-turn.ts";

const asOnlyWriter = <Result>(
  { location, silenceMs, ...options }: WritersSettings & TurnOptions,
  work: (turn: WriterTurn) => Promise<Result>,
) => fileWriters({ location, ...(silenceMs !== undefined && { silenceMs }) }).run(options, work);
const currentWriter = (location: string) => fileWriters({ location }).current();

describe("fileWriters", () => {
  let location: string;
  let file: string;
  beforeEach(async () => {
    location = await mkdtemp(join(tmpdir(), "lock-"));
    file = join(location, "writer.lock");
  });
  afterEach(() => rm(location, { recursive: true, force: true }));

  const owner = async (changes: object) =>
    JSON.stringify({
      ...(await thisProcess()),
      command: "node other.js",
      since: "2026-11-21T00:00:00Z",
      token: "t",
      ...changes,
    });

  test("one at a time in a process, in order, whatever each does", async () => {
    let inside = 0;
    const order: number[] = [];
    const calls = Array.from({ length: 6 }, (_, i) =>
      asOnlyWriter({ location, timeoutMs: 1000 }, async () => {
        expect(++inside).toBe(1);
        await sleep(5);
        inside--;
        order.push(i);
        if (i === 2) throw new Error("fails");
      }),
    );
    const results = await Promise.allSettled(calls);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(results.map(({ status }) => status === "fulfilled")).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    expect(await readdir(location)).toEqual([]);
  });

  test("tells who is writing while someone is", async () => {
    expect(await currentWriter(location)).toBeUndefined();
    await asOnlyWriter({ location, timeoutMs: 1000 }, async () => {
      expect(await currentWriter(location)).toContain(`process ${process.pid} on ${hostname()}`);
    });
    expect(await currentWriter(location)).toBeUndefined();
    await writeFile(file, await owner({ pid: 2 ** 22 - 3 }));
    expect(await currentWriter(location)).toBeUndefined();
  });

  test("waits for another process, then says which one it is; goes on when it ends", async () => {
    const child = await spawnChild("lock-child.ts", location, "2500");
    await child.ready;
    const told: string[] = [];
    const attempt = asOnlyWriter(
      {
        location,
        timeoutMs: 300,
        onProgress: (progress) => told.push(`${progress.stage}: ${progress.subject}`),
      },
      async () => {},
    );
    await expect(attempt).rejects.toMatchObject({
      code: "store_locked",
      message: expect.stringMatching(
        new RegExp(`process ${child.pid} on .*lock-child\\.ts.*since 20.*Wait for it to end`),
      ),
    });
    expect(told[0]).toContain(`waiting for another writer: process ${child.pid}`);
    await expect(asOnlyWriter({ location, timeoutMs: 15_000 }, async () => "mine")).resolves.toBe("mine");
    expect(await child.ended).toBe(0);
  }, 30_000);

  test("a killed owner's lock is taken over, by one of many", async () => {
    const child = await spawnChild("lock-child.ts", location, "60000");
    await child.ready;
    child.kill();
    await child.ended;
    expect(existsSync(file)).toBe(true);
    await expect(asOnlyWriter({ location, timeoutMs: 5000 }, async () => "mine")).resolves.toBe("mine");
    expect(await readdir(location)).toEqual([]);
  }, 30_000);

  test("a process number given out anew is told from the owner by its start, a restart by the machine", async () => {
    const gone = [{ started: "1" }, { boot: "another start", machine: (await thisProcess()).machine }];
    for (const changes of gone) {
      if (Object.values(changes).includes(null)) continue;
      await writeFile(file, await owner(changes));
      await expect(asOnlyWriter({ location, timeoutMs: 2000 }, async () => "mine")).resolves.toBe("mine");
    }
    await writeFile(file, await owner({}));
    await expect(
      asOnlyWriter({ location, timeoutMs: 300, silenceMs: 50 }, async () => "mine"),
    ).rejects.toMatchObject({ code: "store_locked" });
  });

  describe("an owner that cannot be looked at", () => {
    const elsewhere = [
      ["on another machine", { host: `not-${hostname()}`, pid: 2 ** 30 }],
      ["in another container of this host name", { space: "pid:[1]", pid: 2 ** 30 }],
      ["on another machine of this name", { boot: "other", machine: "other", pid: 2 ** 30 }],
      ["on one that tells no start", { started: null }],
    ] as const;

    test.each(elsewhere)("%s: is waited for while it touches its lock", async (_, changes) => {
      await writeFile(file, await owner(changes));
      const beat = setInterval(() => utimes(file, new Date(), new Date()).catch(() => {}), 20);
      await expect(
        asOnlyWriter({ location, timeoutMs: 700, silenceMs: 400 }, async () => {}),
      ).rejects.toMatchObject({ code: "store_locked", nextStep: expect.stringContaining(file) });
      clearInterval(beat);
    });

    test.each(elsewhere)(
      "%s: is succeeded after its silence, however old or young the file says it is",
      async (_, changes) => {
        for (const age of [-3_600_000, 3_600_000]) {
          await writeFile(file, await owner(changes));
          const touched = new Date(Date.now() - age);
          await utimes(file, touched, touched);
          const begin = performance.now();
          await asOnlyWriter({ location, timeoutMs: 20_000, silenceMs: 200 }, async () => {});
          expect(performance.now() - begin).toBeGreaterThanOrEqual(200);
        }
      },
    );
  });

  test("a lock that cannot be read is succeeded after a silence", async () => {
    await writeFile(file, "{");
    await expect(asOnlyWriter({ location, timeoutMs: 200 }, async () => {})).rejects.toMatchObject({
      code: "store_locked",
    });
    const settings = { location, timeoutMs: 20_000, silenceMs: 100 };
    await expect(asOnlyWriter(settings, async () => "mine")).resolves.toBe("mine");
    expect(await readdir(location)).toEqual([]);
  });

  test("of many who find an ended owner one takes over at a time, even when one was killed at it", async () => {
    const dead = { pid: 2 ** 22 - 3 };
    await writeFile(file, await owner({ ...dead, token: "first" }));
    await writeFile(`${file}.after-first`, await owner({ ...dead, token: "second" }));
    await writeFile(`${file}.after-second`, await owner({ ...dead, token: "third" }));
    await writeFile(`${file}.a-draft`, await owner({ ...dead, token: "fourth" }));
    const children = await Promise.all(
      Array.from({ length: 3 }, () => spawnChild("lock-child.ts", location, "50")),
    );
    expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect(await readdir(location)).toEqual([]);
  }, 60_000);

  test("a writer whose turn was taken over is told before it commits, and leaves the other's lock alone", async () => {
    const turn = asOnlyWriter({ location, timeoutMs: 1000 }, async (mine) => {
      await mine.check();
      await writeFile(file, await owner({ token: "another" }));
      await mine.check();
    });
    await expect(turn).rejects.toMatchObject({
      code: "store_locked",
      reason: expect.stringContaining("took its turn"),
    });
    expect(await readdir(location)).toEqual(["writer.lock"]);
  });

  test("an aborted signal ends the wait, for another process and for this one", async () => {
    await writeFile(file, await owner({}));
    const signal = AbortSignal.timeout(100);
    await expect(asOnlyWriter({ location, timeoutMs: 60_000, signal }, async () => {})).rejects.toMatchObject(
      { code: "cancelled" },
    );
    await rm(file);
    const first = asOnlyWriter({ location, timeoutMs: 1000 }, () => sleep(300));
    const second = asOnlyWriter(
      { location, timeoutMs: 1000, signal: AbortSignal.timeout(50) },
      async () => {},
    );
    await expect(second).rejects.toMatchObject({ code: "cancelled" });
    await first;
    await expect(asOnlyWriter({ location, timeoutMs: 1000 }, async () => "mine")).resolves.toBe("mine");
  });
});
