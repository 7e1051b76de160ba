import type { Host, Interruption } from "./host.ts";
import { printable } from "./output/printable.ts";
import { wantsColour } from "./output/terminal.ts";

export const EXIT_OK = 0;
/** Something failed: the call was right. */
export const EXIT_FAILURE = 1;
/** The call was wrong. */
export const EXIT_WRONG_USE = 2;

/** 128 + the signal's number, as shells count. */
export function exitCodeOf(interruption: Interruption): number {
  return interruption === "SIGINT" ? 130 : 143;
}

/** An error as the result of a batch line or of a command holds it. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly subject?: string;
  readonly reason?: string;
  readonly nextStep?: string;
}

/** How to learn more about an error that this SDK did not throw on purpose. */
const UNEXPECTED = "This was not expected. Set ADVISOR_DEBUG=1 to see where it came from";

/** Any thrown value as plain data and the exit code it stands for. */
export async function describeError(error: unknown): Promise<ErrorReport & { readonly exitCode: number }> {
  const { AdvisorError } = await import("@advisor/contracts");
  if (AdvisorError.isInstance(error)) {
    return { ...error.toJSON(), exitCode: error.wrongUse ? EXIT_WRONG_USE : EXIT_FAILURE };
  }
  const reason =
    (error instanceof Error ? error.message : String(error)).split("\n")[0]?.trim() || "no reason given";
  return {
    code: "internal",
    message: `advisor: ${reason.replace(/\.$/, "")}. ${UNEXPECTED}.`,
    subject: "advisor",
    reason,
    nextStep: UNEXPECTED,
    exitCode: EXIT_FAILURE,
  };
}

/** Writes one error to standard error: a line for people, an object for machines. */
export function writeError(host: Host, report: ErrorReport, json: boolean, cause?: unknown): void {
  const { code, message, subject, reason, nextStep } = report;
  if (json) {
    host.stderr.write(`${JSON.stringify({ error: { code, message, subject, reason, nextStep } })}\n`);
  } else {
    const mark = wantsColour(host.stderr, host.env) ? "\u001b[31merror\u001b[39m" : "error";
    host.stderr.write(`${mark}  ${printable(message)}\n`);
  }
  if (host.env.ADVISOR_DEBUG && cause instanceof Error) host.stderr.write(`${stackOf(cause)}\n`);
}

function stackOf(error: Error): string {
  const own = printable(error.stack ?? String(error));
  return error.cause instanceof Error ? `${own}\n  caused by ${stackOf(error.cause)}` : own;
}
