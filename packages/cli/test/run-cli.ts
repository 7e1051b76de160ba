import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { CoreModule } from "../src/core-module.ts";
import type { Host, Interruption, Output } from "../src/host.ts";
import { run } from "../src/run.ts";

export interface Ran {
  readonly code: number;
  /** As written. */
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly core?: CoreModule;
  readonly cwd?: string;
  readonly stdin?: string | Readable;
  readonly env?: Record<string, string>;
  /** Makes the standard streams terminals of this width. */
  readonly columns?: number;
  /** Called with the way to send an interruption, before the command starts. */
  readonly onStart?: (interrupt: (kind?: Interruption) => void) => void;
  readonly onOut?: (text: string) => void;
}

function sink(columns: number | undefined, onText: (text: string) => void): Output {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      onText(String(chunk));
      done();
    },
  });
  return columns === undefined ? stream : Object.assign(stream, { isTTY: true, columns });
}

/** Runs the command in this process, with streams and interruptions of its own. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let out = "";
  let err = "";
  const listeners = new Set<(kind: Interruption) => void>();
  const stdin =
    options.stdin instanceof Readable ? options.stdin : Readable.from([Buffer.from(options.stdin ?? "")]);
  const host: Host = {
    stdout: sink(options.columns, (text) => {
      out += text;
      options.onOut?.(text);
    }),
    stderr: sink(options.columns, (text) => {
      err += text;
    }),
    stdin,
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? { NO_COLOR: "1" },
    core: async () => {
      if (options.core) return options.core;
      throw new Error("this command was not expected to load the SDK");
    },
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  options.onStart?.((kind = "SIGINT") => {
    for (const listener of listeners) listener(kind);
  });
  const code = await run(argv, host);
  return { code, out, err };
}

/** Standard output as JSON: the whole of it must be one object on one line. */
export function json(ran: Ran): Record<string, unknown> {
  const lines = jsonLines(ran);
  if (lines.length !== 1) throw new Error(`expected one line, found ${lines.length}: ${ran.out}`);
  return lines[0] as Record<string, unknown>;
}

export function jsonLines(ran: Ran): Record<string, unknown>[] {
  return ran.out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

export const plain = (text: string) => stripVTControlCharacters(text);

/** A folder that is gone when the work is done. */
export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "advisor-cli-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
