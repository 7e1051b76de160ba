import { setTimeout as sleep } from "node:timers/promises";
import { AdvisorError } from "@advisor/contracts";
import type { LanceTable } from "./lance.ts";

/** How long a removal under way is waited for before a table counts as damaged. */
const LOOKS = 20;
const PAUSE_MS = 50;

/**
 * A table to read from, of a tenant that may be removed meanwhile: from then on it holds nothing. `isGone` tells a removed
 * table from a damaged one.
 */
export function vanishing(table: LanceTable, isGone: () => Promise<boolean>): LanceTable {
  /** Returns when the table is gone, and throws otherwise. */
  const checkGone = async (error: unknown) => {
    if (!isDamage(error)) throw error;
    for (let look = 0; look < LOOKS; look++) {
      // While its files go one by one it is neither there nor gone.
      if (await isGone().catch((failure) => !isDamage(failure))) return;
      await sleep(PAUSE_MS);
    }
    throw error;
  };
  const reading =
    <Parameters extends unknown[], Result>(
      read: (...parameters: Parameters) => Promise<Result>,
      nothing: Result,
    ) =>
    async (...parameters: Parameters): Promise<Result> => {
      try {
        return await read(...parameters);
      } catch (error) {
        await checkGone(error);
        return nothing;
      }
    };
  return {
    ...table,
    keyword: reading(table.keyword, []),
    nearest: reading(table.nearest, []),
    select: reading(table.select, []),
    count: reading(table.count, 0),
    holders: reading(table.holders, 0),
    async *scan(filter, columns) {
      try {
        yield* table.scan(filter, columns);
      } catch (error) {
        await checkGone(error);
      }
    },
  };
}

function isDamage(error: unknown): boolean {
  return AdvisorError.isInstance(error) && error.code === "store_corrupt";
}
