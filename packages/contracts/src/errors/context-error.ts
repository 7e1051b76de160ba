import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** The one way a prompt can be too long. */
export type ContextErrorCode = "context_exceeded";

/** The prompt cannot fit the context window, even with every passage dropped. */
export class ContextError extends AdvisorError {
  readonly code: ContextErrorCode;

  constructor(options: AdvisorErrorOptions & { readonly code: ContextErrorCode }) {
    super(options);
    this.code = options.code;
  }
}
