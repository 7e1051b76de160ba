import type { Host } from "./host.ts";
import type { Terminal } from "./output/terminal.ts";

/** What every command gets. */
export interface CommandContext {
  readonly host: Host;
  readonly terminal: Terminal;
  /** Aborted at Ctrl-C. */
  readonly signal: AbortSignal;
  /**
   * Takes Ctrl-C over until the returned function is called: a chat ends an answer with it rather than itself.
   */
  onInterrupt(listener: () => void): () => void;
}

/** A command's work: its exit code, 0 when it returns nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a command that has nothing to say about its exit code ended well
export type CommandResult = Promise<number | void>;
