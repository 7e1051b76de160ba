import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { spawnChild } from "../../test/spawn-child.ts";
import { asOnlyWriter, currentWriter } from "./lock.ts";
import { thisProcess } from "./process-identity.ts";

describe("asOnlyWriter", () => {
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
    const child = spawnChild("lock-child.ts", location, "2500");
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
    const child = spawnChild("lock-child.ts", location, "60000");
    await child.ready;
    child.kill();
    await child.ended;
    expect(existsSync(file)).toBe(true);
    await expect(asOnlyWriter({ location, timeoutMs: 5000 }, async () => "mine")).resolves.toBe("mine");
    expect(await readdir(location)).toEqual([]);
  }, 30_000);

  test("a process number given out anew is told from the owner by its start", async () => {
    await writeFile(file, await owner({ started: "another boot:1" }));
    await expect(asOnlyWriter({ location, timeoutMs: 2000 }, async () => "mine")).resolves.toBe("mine");
    await writeFile(file, await owner({}));
    await expect(asOnlyWriter({ location, timeoutMs: 200 }, async () => "mine")).rejects.toMatchObject({
      code: "store_locked",
    });
  });

  test("an owner on another machine is never taken for dead", async () => {
    await writeFile(file, await owner({ host: `not-${hostname()}`, pid: 2 ** 30 }));
    await expect(asOnlyWriter({ location, timeoutMs: 200 }, async () => {})).rejects.toMatchObject({
      code: "store_locked",
      nextStep: expect.stringContaining(file),
    });
  });

  test("a lock file that cannot be read counts as stale once it is old, and so does a take-over that did not end", async () => {
    await writeFile(file, "{");
    await expect(asOnlyWriter({ location, timeoutMs: 200 }, async () => {})).rejects.toMatchObject({
      code: "store_locked",
    });
    const old = new Date(Date.now() - 60_000);
    await utimes(file, old, old);
    await mkdir(`${file}.takeover`);
    await utimes(`${file}.takeover`, old, old);
    await writeFile(`${file}.0123-draft`, "{}");
    await utimes(`${file}.0123-draft`, old, old);
    await expect(asOnlyWriter({ location, timeoutMs: 5000 }, async () => "mine")).resolves.toBe("mine");
    expect(await readdir(location)).toEqual([]);
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
