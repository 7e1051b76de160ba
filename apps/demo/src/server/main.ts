import { INTERRUPTED, runDemo } from "./run-demo.ts";

/** One Ctrl+C may arrive twice, from the terminal and from `npm start`; only a later one means "at once". */
const IMPATIENT_MS = 1000;

const stop = new AbortController();
let stoppedAt = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted && performance.now() - stoppedAt > IMPATIENT_MS) process.exit(INTERRUPTED);
    if (stop.signal.aborted) return;
    stoppedAt = performance.now();
    stop.abort();
  });
}
// Whoever reads our output may leave early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") stop.abort();
  else throw error;
});

process.exitCode = await runDemo({
  args: process.argv.slice(2),
  out: process.stdout,
  err: process.stderr,
  stop: stop.signal,
});
