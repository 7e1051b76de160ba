import type { Warning } from "@advisor/contracts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/** Degradations, on standard error so that the result stays clean. */
export async function writeWarnings(terminal: Terminal, warnings: readonly Warning[]): Promise<void> {
  for (const { message } of warnings) {
    await terminal.note(`${terminal.styleNote("yellow", "warning")}  ${printable(message)}`);
  }
}
