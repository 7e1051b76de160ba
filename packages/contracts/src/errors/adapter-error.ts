import { AdvisorError, type AdvisorErrorOptions } from "./advisor-error.ts";

/** Why an adapter cannot be used. `adapter_unmanifested`: no manifest beside it; `adapter_without_effect`: it changes no logit. */
export type AdapterErrorCode =
  | "adapter_missing"
  | "adapter_invalid"
  | "adapter_unmanifested"
  | "adapter_incompatible"
  | "adapter_without_effect";

/** A LoRA adapter is missing, broken, or does not belong to the base it was asked to steer. */
export class AdapterError extends AdvisorError {
  readonly code: AdapterErrorCode;
  /** A file that is not there was named wrongly, as a folder that is not there is. */
  override readonly wrongUse: boolean;

  constructor(options: AdvisorErrorOptions & { readonly code: AdapterErrorCode }) {
    super(options);
    this.code = options.code;
    this.wrongUse = options.code === "adapter_missing";
  }
}
