import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** What was wrong with the call. `history_unavailable`: the store does not know what it held at that instant. */
export type BadInputErrorCode =
  | "invalid_setting"
  | "invalid_request"
  | "folder_missing"
  | "history_unavailable"
  | "unknown_role"
  | "unknown_mode"
  | "unknown_adapter"
  | "unsupported_schema";

/** The caller handed over something that cannot be used: fix the call. */
export class BadInputError extends AdvisorError {
  readonly code: BadInputErrorCode;
  override readonly wrongUse = true;

  constructor(options: AdvisorErrorOptions & { readonly code: BadInputErrorCode }) {
    super(options);
    this.code = options.code;
  }
}
