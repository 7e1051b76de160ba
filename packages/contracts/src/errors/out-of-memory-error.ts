import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** The one way for memory to run out. */
export type OutOfMemoryErrorCode = "out_of_memory";

/** Native memory ran out while loading or creating a context. */
export class OutOfMemoryError extends AdvisorError {
  readonly code: OutOfMemoryErrorCode;

  constructor(options: AdvisorErrorOptions & { readonly code: OutOfMemoryErrorCode }) {
    super(options);
    this.code = options.code;
  }
}
