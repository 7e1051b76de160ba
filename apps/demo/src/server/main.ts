import { existsSync } from "node:fs";
import { type Advisor, AdvisorError } from "@advisor/core";
import { createApp } from "./app.ts";
import { type DemoArguments, parseArguments, USAGE } from "./arguments.ts";
import { openHandbook, PAGE_FOLDER } from "./handbook.ts";
import { listen } from "./listen.ts";
import { readPageFiles } from "./page-files.ts";
import { setupView } from "./setup.ts";
import { startStep } from "./terminal/progress.ts";
import { painter } from "./terminal/style.ts";
import { runTour } from "./tour/run-tour.ts";

const { stdout, stderr } = process;
/** As shells say it: 128 + SIGINT. */
const INTERRUPTED = 130;
/** One Ctrl+C may arrive twice, from the terminal and from `npm start`; only a later one means "at once". */
const IMPATIENT_MS = 1000;

async function demonstrate(args: DemoArguments, stop: AbortSignal): Promise<void> {
  const read = startStep("Reading the handbook", stderr);
  const { advisor, report } = await openHandbook({ signal: stop, onProgress: read.onProgress }).catch(
    (error) => {
      read.fail();
      throw error;
    },
  );
  const { added, changed, removed, unchanged } = report;
  read.end(`${added.length} new, ${changed.length} changed, ${removed.length} gone, ${unchanged} as before`);
  try {
    const load = startStep("Loading the models", stderr);
    await advisor.warmUp().catch((error) => {
      load.fail();
      throw error;
    });
    const { model } = await advisor.status();
    const millions = (model.parameters / 1e6).toFixed(1);
    load.end(`${model.name}, ${millions} million parameters, ${model.quantization}, ${model.device}`);
    stop.throwIfAborted();
    for (const { uri, reason } of report.skipped) stderr.write(`  left out: ${uri}, ${reason}\n`);

    await runTour({ advisor, out: stdout, signal: stop });
    if (!args.once) await serve(advisor, args.port, stop);
  } finally {
    await advisor.dispose();
  }
}

async function serve(advisor: Advisor, wanted: number, stop: AbortSignal): Promise<void> {
  if (!existsSync(PAGE_FOLDER)) {
    throw new Error(`${PAGE_FOLDER}: the page is not built. Run npm start, which builds it.`);
  }
  const paint = painter(stdout);
  let port = wanted;
  const app = createApp({
    advisor,
    setup: setupView(await advisor.status()),
    page: readPageFiles(PAGE_FOLDER),
    port: () => port,
  });
  const listening = await listen((request) => app.fetch(request), wanted);
  port = listening.port;
  const other = port === wanted || wanted === 0 ? "" : ` (port ${wanted} is taken)`;
  stdout.write(`\n  The page: ${paint("bold", listening.url)}${other}\n  Ctrl+C ends it.\n`);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
  await listening.close();
  stdout.write("\n  Closed.\n");
}

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2));
  if (!parsed.ok) {
    stderr.write(`${parsed.message}\n`);
    return 2;
  }
  if (parsed.value.help) {
    stdout.write(USAGE);
    return 0;
  }
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
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") stop.abort();
    else throw error;
  });
  try {
    await demonstrate(parsed.value, stop.signal);
    return 0;
  } catch (error) {
    if (stop.signal.aborted) {
      stderr.write("Stopped. What was stored is kept.\n");
      return INTERRUPTED;
    }
    if (AdvisorError.isInstance(error)) {
      stderr.write(`${painter(stderr)("red", error.message)}\n`);
      return error.wrongUse ? 2 : 1;
    }
    stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main();
