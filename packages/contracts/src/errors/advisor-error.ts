const MARK = Symbol.for("advisor.error");

/** What every error of the family is made from: it names the thing, the reason and the next step. */
export interface AdvisorErrorOptions {
  /** The thing that failed: a path, a model, a field, a role. */
  readonly subject: string;
  /** Why it failed, as a clause without a final full stop. */
  readonly reason: string;
  /** What the reader can do now, as a sentence without a final full stop. */
  readonly nextStep: string;
  readonly cause?: unknown;
}

/**
 * Base of every error this SDK throws on purpose.
 *
 * `code` is stable and meant for programs, `message` is `subject: reason. nextStep.` and meant for people.
 * Use {@link AdvisorError.isInstance} rather than `instanceof`: it also holds across two copies of the package.
 */
export abstract class AdvisorError extends Error {
  /** Stable machine-readable code, such as `store_locked`. */
  abstract readonly code: string;
  /** True when the caller used the SDK wrongly (CLI exit code 2), false when something failed (exit code 1). */
  readonly wrongUse: boolean = false;
  readonly subject: string;
  readonly reason: string;
  readonly nextStep: string;

  constructor(options: AdvisorErrorOptions) {
    super(`${options.subject}: ${options.reason}. ${options.nextStep}.`, { cause: options.cause });
    this.name = new.target.name;
    this.subject = options.subject;
    this.reason = options.reason;
    this.nextStep = options.nextStep;
    Object.defineProperty(this, MARK, { value: true });
  }

  static isInstance(value: unknown): value is AdvisorError {
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[MARK] === true;
  }

  /** The error as plain data: what `--json` prints and a server sends. It holds no stack and no cause. */
  toJSON(): { code: string; message: string; subject: string; reason: string; nextStep: string } {
    return {
      code: this.code,
      message: this.message,
      subject: this.subject,
      reason: this.reason,
      nextStep: this.nextStep,
    };
  }
}
