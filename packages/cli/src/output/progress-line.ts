import type { Progress } from "@advisor/contracts";
import type { Host } from "../host.ts";
import { duration } from "./numbers.ts";
import { printableLine } from "./printable.ts";
import { wantsColour } from "./terminal.ts";
import { padEnd, truncate } from "./width.ts";

/** Work shorter than this shows nothing. */
const DELAY_MS = 600;
const REDRAW_MS = 100;
/** The first line where a line cannot be updated in place, and the time between two of them. */
const FIRST_SPARSE_MS = 1500;
const SPARSE_MS = 10_000;
const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const BAR_WIDTH = 20;

/** One line on standard error that says what is going on, while it goes on. */
export interface ProgressLine {
  /** Shows an event of the SDK. */
  show(progress: Progress): void;
  /** Shows a few words. */
  say(words: string): void;
  /** Takes the line away, so that something else can be written. It comes back with the next event. */
  pause(): void;
  /** Takes it away for good. */
  end(): void;
}

const silent: ProgressLine = { show() {}, say() {}, pause() {}, end() {} };

/**
 * On a terminal one line is updated in place; elsewhere a line is written now and then. With `--json` only a terminal
 * gets it, so that whatever a machine reads from standard error is an error.
 */
export function createProgressLine(host: Host, options: { readonly json: boolean }): ProgressLine {
  const { stderr } = host;
  const live = stderr.isTTY === true;
  if (options.json && !live) return silent;

  const start = performance.now();
  const colour = wantsColour(stderr, host.env);
  let words = "";
  let current: Progress | undefined;
  let drawn = false;
  let lastLine = 0;
  let frame = 0;

  const clear = () => {
    if (drawn) stderr.write("\r\u001b[2K");
    drawn = false;
  };
  const redraw = () => {
    const elapsed = performance.now() - start;
    if (elapsed < DELAY_MS || words === "") return;
    if (live) {
      const width = stderr.columns || 80;
      const mark = FRAMES[frame++ % FRAMES.length] as string;
      const line = truncate(`${mark} ${words}${barOf(current, width)}`, width - 1);
      stderr.write(`\r\u001b[2K${colour ? `\u001b[2m${line}\u001b[22m` : line}`);
      drawn = true;
    } else if (elapsed >= (lastLine === 0 ? FIRST_SPARSE_MS : lastLine + SPARSE_MS)) {
      stderr.write(`${words}${current ? `, ${countOf(current)}` : ""} (${duration(elapsed)})\n`);
      lastLine = elapsed;
    }
  };
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();

  return {
    show(progress) {
      current = progress;
      words = capitalised(printableLine(progress.stage));
      if (live && performance.now() - start >= DELAY_MS && !drawn) redraw();
    },
    say(text) {
      current = undefined;
      words = text;
    },
    pause() {
      clear();
      words = "";
    },
    end() {
      clearInterval(timer);
      clear();
    },
  };
}

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function countOf({ done, total, unit }: Progress): string {
  if (unit === "percent") return `${Math.round(done)} %`;
  return total === undefined ? `${done} ${unit}` : `${done} of ${total} ${unit}`;
}

function barOf(progress: Progress | undefined, width: number): string {
  if (!progress) return "";
  const { done, total, subject } = progress;
  let text = `  ${countOf(progress)}`;
  if (total && width >= 70) {
    const filled = Math.round(Math.min(1, done / total) * BAR_WIDTH);
    text = `  ${"━".repeat(filled)}${padEnd("", BAR_WIDTH - filled).replaceAll(" ", "┄")}${text}`;
  }
  return subject ? `${text}  ${printableLine(subject)}` : text;
}
