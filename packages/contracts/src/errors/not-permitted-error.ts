import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** The one way to be refused. */
export type NotPermittedErrorCode = "not_permitted";

/** The principal may not do this. The message never says what would have been found. */
export class NotPermittedError extends AdvisorError {
  readonly code: NotPermittedErrorCode;

  constructor(options: AdvisorErrorOptions & { readonly code: NotPermittedErrorCode }) {
    super(options);
    this.code = options.code;
  }
}
