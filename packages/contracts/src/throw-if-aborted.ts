import { CancelledError } from "./errors/cancelled-error.ts";

/** The error of work that its signal stopped. `nextStep` is a sentence without a final full stop. */
export function cancelledError(
  signal: AbortSignal,
  subject: string,
  nextStep = "Call again when you want it done",
): CancelledError {
  return new CancelledError({
    code: "cancelled",
    subject,
    reason: "the signal was aborted",
    nextStep,
    cause: signal.reason,
  });
}

/**
 * The one way work looks whether it is still wanted.
 *
 * @throws CancelledError `cancelled`, with the signal's reason as its cause. Without a signal it never throws.
 */
export function throwIfAborted(signal: AbortSignal | undefined, subject: string, nextStep?: string): void {
  if (signal?.aborted) throw cancelledError(signal, subject, nextStep);
}
