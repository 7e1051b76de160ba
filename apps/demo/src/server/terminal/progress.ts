import type { OnProgress } from "@advisor/core";
import { painter, type TextStream } from "./style.ts";

const INTERVAL_MS = 120;
/** Work that is over sooner is not worth a line that comes and goes. */
const QUIET_MS = 300;
/** Where a line can't be updated in place, it is said first after a second, and then this often. */
const SPARSE_FIRST_MS = 1000;
const SPARSE_INTERVAL_MS = 5000;
const FRAMES = [..."⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"];

export interface Step {
  /** Told by whoever works. */
  readonly onProgress: OnProgress;
  /** Ends the line, with a few words on what came out. */
  end(outcome: string): void;
  fail(): void;
}

/** A line that shows what is being done and for how long, and stays when it is over. */
export function startStep(title: string, stream: TextStream): Step {
  const paint = painter(stream);
  const start = performance.now();
  let detail = "";
  let frame = 0;
  const elapsed = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  const clear = stream.isTTY ? "\r\u001b[2K" : "";
  const tick = () => {
    if (performance.now() - start < QUIET_MS) return;
    const room = Math.max(0, (stream.columns ?? 80) - title.length - 14);
    const shown = detail.length > room ? `${detail.slice(0, Math.max(0, room - 1))}…` : detail;
    const mark = paint("cyan", FRAMES[frame++ % FRAMES.length] ?? "");
    stream.write(`${clear}${mark} ${title}  ${elapsed()}  ${paint("dim", shown)}`);
  };
  const say = () => stream.write(`  ${title} … ${elapsed()}${detail && `, ${detail}`}\n`);
  const first = stream.isTTY ? undefined : setTimeout(say, SPARSE_FIRST_MS);
  const timer = stream.isTTY ? setInterval(tick, INTERVAL_MS) : setInterval(say, SPARSE_INTERVAL_MS);
  const end = (mark: string, outcome: string) => {
    clearTimeout(first);
    clearInterval(timer);
    stream.write(`${clear}${mark} ${title}  ${elapsed()}${outcome && `  ${paint("dim", outcome)}`}\n`);
  };
  return {
    onProgress({ done, total, unit, subject }) {
      detail = [total === undefined ? `${done} ${unit}` : `${done} of ${total} ${unit}`, subject]
        .filter(Boolean)
        .join(", ");
    },
    end: (outcome) => end(paint("green", "✓"), outcome),
    fail: () => end(paint("red", "✗"), ""),
  };
}
