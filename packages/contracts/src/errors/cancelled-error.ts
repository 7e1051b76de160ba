import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** `cancelled` by a signal, or `disposed` with its owner. */
export type CancelledErrorCode = "cancelled" | "disposed";

/** The work was stopped by its AbortSignal, or its owner was disposed. */
export class CancelledError extends AdvisorError {
  readonly code: CancelledErrorCode;

  constructor(options: AdvisorErrorOptions & { readonly code: CancelledErrorCode }) {
    super(options);
    this.code = options.code;
  }
}
