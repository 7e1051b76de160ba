import { setTimeout as sleep } from "node:timers/promises";
import { AdvisorError } from "@advisor/contracts";
import type { StorageOptions } from "./location.ts";

/** How often a writing call to an object store is made again, unless `client_max_retries` says otherwise. */
const TRIES = 6;
const FIRST_PAUSE_MS = 100;

/** What reads: requests that fail are sent again by LanceDB. */
export function readingOptions(options: StorageOptions): Record<string, string> {
  return { client_max_retries: "5", client_retry_timeout: "20", ...options };
}

/**
 * What writes: no request is sent twice. When the answer to a commit is lost and the commit is sent again, it meets itself;
 * LanceDB takes that for another writer's and deletes the files of the commit that did take place (lance 10.0.0). A call
 * that fails as a whole deletes none, and may be made again: {@link tryingAgain}.
 */
export function writingOptions(options: StorageOptions): Record<string, string> {
  return { ...options, client_max_retries: "0", lance_aimd_max_retries: "0" };
}

/** Makes a call again that failed because the server did not answer, after growing pauses. It must be one that may be. */
export function tryingAgain(options: StorageOptions) {
  const given = Number(options.client_max_retries ?? TRIES);
  const tries = Number.isInteger(given) && given >= 0 ? given : TRIES;
  return async <Result>(call: () => Promise<Result>): Promise<Result> => {
    for (let tried = 0; ; tried++) {
      try {
        return await call();
      } catch (error) {
        const again = AdvisorError.isInstance(error) && error.code === "store_unavailable" && tried < tries;
        if (!again) throw error;
      }
      await sleep(FIRST_PAUSE_MS * 2 ** tried * (0.5 + Math.random()));
    }
  };
}
