import { once } from "node:events";
import { styleText } from "node:util";
import type { Host, Output } from "../host.ts";

/** Where the terminal does not say. */
const DEFAULT_WIDTH = 80;
/** Longer lines than this are tiring to read, however wide the window is. */
const MAX_PROSE_WIDTH = 100;
const MIN_WIDTH = 40;

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Standard output and standard error, as the commands write to them. */
export interface Terminal {
  /** Columns to fill with text. */
  readonly width: number;
  /** True when a person watches standard output. */
  readonly live: boolean;
  /** Writes to standard output, waiting while the reader is slower than we are. */
  write(text: string): Promise<void>;
  /** Writes a line to standard output. */
  line(text?: string): Promise<void>;
  /** Writes a line to standard error. */
  note(text: string): Promise<void>;
  /** Styles text for standard output: unchanged where it is not a terminal or colour is not wanted. */
  style(style: Style | readonly Style[], text: string): string;
  /** The same for standard error. */
  styleNote(style: Style | readonly Style[], text: string): string;
}

/** NO_COLOR (no-color.org) and FORCE_COLOR win over what the stream is. */
export function wantsColour(stream: Output, env: Host["env"]): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return stream.isTTY === true && env.TERM !== "dumb";
}

function widthOf({ stdout, env }: Host): number {
  const columns = stdout.columns || Number(env.COLUMNS) || DEFAULT_WIDTH;
  return Math.max(MIN_WIDTH, Math.min(columns, MAX_PROSE_WIDTH));
}

/** Waits for a slow reader, and gives up waiting when the reader has gone. */
async function put(stream: Output, text: string): Promise<void> {
  if (text === "" || stream.destroyed || stream.write(text)) return;
  const gone = new AbortController();
  const stop = () => gone.abort();
  stream.once("close", stop);
  try {
    await once(stream, "drain", { signal: gone.signal });
  } catch {
    // Closed, or failed: the stream's own error handler decides what that means.
  } finally {
    stream.off("close", stop);
  }
}

export function createTerminal(host: Host): Terminal {
  const paint = (colour: boolean) => (style: Style | readonly Style[], text: string) =>
    colour ? styleText(style as Style | Style[], text, { validateStream: false }) : text;
  return {
    get width() {
      return widthOf(host);
    },
    live: host.stdout.isTTY === true,
    write: (text) => put(host.stdout, text),
    line: (text = "") => put(host.stdout, `${text}\n`),
    note: (text) => put(host.stderr, `${text}\n`),
    style: paint(wantsColour(host.stdout, host.env)),
    styleNote: paint(wantsColour(host.stderr, host.env)),
  };
}
