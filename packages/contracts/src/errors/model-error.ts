import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** Why a model cannot be used. `model_untrusted`: not the file whose hash was given; `model_failed`: it broke its promise at work. */
export type ModelErrorCode =
  | "model_missing"
  | "model_invalid"
  | "model_untrusted"
  | "model_unsupported"
  | "model_failed";

/** A base model or embedder is missing, broken or not the one it should be. */
export class ModelError extends AdvisorError {
  readonly code: ModelErrorCode;
  /** A file that is not there was named wrongly, as a folder that is not there is. */
  override readonly wrongUse: boolean;

  constructor(options: AdvisorErrorOptions & { readonly code: ModelErrorCode }) {
    super(options);
    this.code = options.code;
    this.wrongUse = options.code === "model_missing";
  }
}
