import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/**
 * What is wrong with a store. `store_version`: another version of this SDK made it. `store_unavailable`: its server does
 * not answer; the same call may succeed later.
 */
export type StoreErrorCode =
  | "store_missing"
  | "store_corrupt"
  | "store_locked"
  | "store_embedder_mismatch"
  | "store_version"
  | "store_disk_full"
  | "store_unavailable"
  | "store_failed";

/** The knowledge store cannot be used as it stands. Nothing already stored was changed. */
export class StoreError extends AdvisorError {
  readonly code: StoreErrorCode;

  constructor(options: AdvisorErrorOptions & { readonly code: StoreErrorCode }) {
    super(options);
    this.code = options.code;
  }
}
