import type { Readable, Writable } from "node:stream";
import type { CoreModule } from "./core-module.ts";

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };
export type Input = Readable & { readonly isTTY?: boolean };

/** The signals that ask the command to stop. */
export type Interruption = "SIGINT" | "SIGTERM";

/** Everything the command touches of the world around it, so that a test can hand it another. */
export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  /** Paths on the command line are relative to it. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loads the SDK: called by commands that need it, so that `--help` stays light. */
  core(): Promise<CoreModule>;
  /** Calls the listener at each Ctrl-C or request to end; returns the way to stop listening. */
  onInterrupt(listener: (interruption: Interruption) => void): () => void;
}
