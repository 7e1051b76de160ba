import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Cell } from "./cell.ts";
import {
  inTurn,
  stopIfAborted,
  storeLocked,
  type TurnOptions,
  tellWaiting,
  turnLost,
  type Writers,
  type WritersSettings,
  type WriterTurn,
} from "./writer-turn.ts";

/** A holder that has not been heard of for this long may be succeeded. Shorter than the default wait for a turn. */
const SILENCE_MS = 20_000;
/** A waiting writer looks again after a time between this and twice this. */
const POLL_MS = 200;
/** How often the cell's past is dropped: after this many turns of this process. */
const PRUNE_TURNS = 20;

const leaseSchema = z.object({
  token: z.string(),
  /** Goes up while the holder lives. */
  beat: z.number(),
  owner: z.string(),
});

export interface LeaseSettings extends WritersSettings {
  /** Opens the cell, and makes it when it is missing. */
  readonly open: () => Promise<Cell>;
  /** What the cell holds; empty when there is none. */
  readonly read: () => Promise<string>;
}

/**
 * Turns where no file can be locked: the writer's name stands in a cell of the store, changed by compare-and-set alone.
 * The holder goes on counting in it. Whoever sees the same count for `silenceMs`, on its own clock, takes over, so clocks of
 * machines need not agree. A holder that stood still asks before its next commit whether the lease is still its own.
 */
export function leaseWriters({ location, open, read, silenceMs = SILENCE_MS }: LeaseSettings): Writers {
  let opened: Promise<Cell> | undefined;
  const cellOf = () => {
    opened ??= open();
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  let turns = 0;

  const acquire = async (cell: Cell, options: TurnOptions): Promise<Taken> => {
    const mine = JSON.stringify({ token: randomUUID(), beat: 0, owner: describeThis() });
    const begin = performance.now();
    let seen: { readonly value: string; readonly since: number } | undefined;
    for (;;) {
      stopIfAborted(options.signal);
      const value = await cell.read();
      if (seen?.value !== value) seen = { value, since: performance.now() };
      const silent = performance.now() - seen.since >= silenceMs;
      const heard = now();
      if ((value === "" || silent) && (await cell.swap(value, mine))) return { value: mine, heard };
      if (value === "") continue;
      const waited = performance.now() - begin;
      const holder = ownerOf(value);
      if (waited >= options.timeoutMs) {
        const nextStep = `Wait for it to end and call again; a writer that was killed is succeeded after ${silenceMs / 1000} s`;
        throw storeLocked(location, holder, options.timeoutMs, nextStep);
      }
      tellWaiting(options, waited, holder);
      await sleep(Math.min(POLL_MS * (1 + Math.random()), Math.max(1, options.timeoutMs - waited)));
    }
  };

  return {
    run: (options, work) =>
      inTurn(location, options.signal, async () => {
        const cell = await cellOf();
        const held = hold(cell, await acquire(cell, options), { location, silenceMs });
        try {
          return await work(held);
        } finally {
          await held.release();
          turns++;
          if (turns % PRUNE_TURNS === 0) await cell.prune().catch(() => {});
        }
      }),
    async current() {
      const value = await read();
      return value === "" ? undefined : ownerOf(value);
    },
  };
}

/** A lease as it was taken: what stands in the cell, and since when its holder was heard of. */
interface Taken {
  readonly value: string;
  readonly heard: ReturnType<typeof now>;
}

/** Keeps the lease until it is released. */
function hold(
  cell: Cell,
  taken: Taken,
  { location, silenceMs }: { readonly location: string; readonly silenceMs: number },
): WriterTurn & { release(): Promise<void> } {
  let { value, heard } = taken;
  let lost = false;
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other, so that each swaps what the one before it left. */
  const renew = () => {
    const next = last.then(async () => {
      if (lost) return;
      const before = now();
      const lease = leaseSchema.parse(JSON.parse(value));
      const renewed = JSON.stringify({ ...lease, beat: lease.beat + 1 });
      if (await cell.swap(value, renewed)) {
        value = renewed;
        heard = before;
      } else lost = true;
    });
    last = next.catch(() => {});
    return next;
  };
  const timer = setInterval(() => renew().catch(() => {}), silenceMs / 4);
  timer.unref();
  return {
    async check() {
      if (!lost && elapsed(heard) > silenceMs / 2) await renew();
      if (lost) throw turnLost(location);
    },
    async release() {
      clearInterval(timer);
      await last;
      // What cannot be given back runs out.
      if (!lost) await cell.swap(value, "").catch(() => {});
    },
  };
}

/** Two clocks: one that never jumps, and one that goes on while the machine sleeps. */
function now() {
  return { steady: performance.now(), wall: Date.now() };
}

function elapsed(since: ReturnType<typeof now>): number {
  return Math.max(performance.now() - since.steady, Math.abs(Date.now() - since.wall));
}

function describeThis(): string {
  const command = [basename(process.execPath), ...process.argv.slice(1)].join(" ").slice(0, 300);
  return `process ${process.pid} on ${hostname()} (${command}), since ${new Date().toISOString()}`;
}

function ownerOf(value: string): string {
  try {
    return leaseSchema.parse(JSON.parse(value)).owner;
  } catch {
    return "a writer that left no name";
  }
}
