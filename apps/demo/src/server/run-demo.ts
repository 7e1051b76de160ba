import { existsSync } from "node:fs";
import { type Advisor, AdvisorError } from "@advisor/core";
import { createApp } from "./app.ts";
import { type DemoArguments, parseArguments, USAGE } from "./arguments.ts";
import { openHandbook, PAGE_FOLDER, STORE_FOLDER } from "./handbook.ts";
import { listen } from "./listen.ts";
import { readPageFiles } from "./page-files.ts";
import { setupView } from "./setup.ts";
import { startStep } from "./terminal/progress.ts";
import { painter, type TextStream } from "./terminal/style.ts";
import { runTour } from "./tour/run-tour.ts";

export interface DemoSettings {
  readonly args: readonly string[];
  readonly out: TextStream;
  /** Progress and errors. */
  readonly err: TextStream;
  /** Ends whatever is going on. While the page is served, that is the ordinary end. */
  readonly stop: AbortSignal;
  /** Default {@link STORE_FOLDER}. */
  readonly store?: string;
  /** Default {@link PAGE_FOLDER}. */
  readonly page?: string;
}

/** Exit code after Ctrl+C, as shells say it: 128 + SIGINT. */
export const INTERRUPTED = 130;

/** What `npm start` runs. Returns the exit code: 0, 1 for a failure, 2 for wrong use, 130 when interrupted. */
export async function runDemo(settings: DemoSettings): Promise<number> {
  const { out, err, stop } = settings;
  const parsed = parseArguments(settings.args);
  if (!parsed.ok) {
    err.write(`${parsed.message}\n`);
    return 2;
  }
  if (parsed.value.help) {
    out.write(USAGE);
    return 0;
  }
  try {
    await demonstrate(parsed.value, settings);
    return 0;
  } catch (error) {
    if (stop.aborted) {
      err.write("Stopped. What was stored is kept.\n");
      return INTERRUPTED;
    }
    if (AdvisorError.isInstance(error)) {
      err.write(`${painter(err)("red", error.message)}\n`);
      return error.wrongUse ? 2 : 1;
    }
    err.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

async function demonstrate(args: DemoArguments, settings: DemoSettings): Promise<void> {
  const { out, err, stop, store = STORE_FOLDER } = settings;
  const read = startStep("Reading the handbook", err);
  const { advisor, report } = await openHandbook({ store, signal: stop, onProgress: read.onProgress }).catch(
    (error) => {
      read.fail();
      throw error;
    },
  );
  const { added, changed, removed, unchanged } = report;
  read.end(`${added.length} new, ${changed.length} changed, ${removed.length} gone, ${unchanged} as before`);
  try {
    const load = startStep("Loading the models", err);
    await advisor.warmUp().catch((error) => {
      load.fail();
      throw error;
    });
    const { model } = await advisor.status();
    const millions = (model.parameters / 1e6).toFixed(1);
    load.end(`${model.name}, ${millions} million parameters, ${model.quantization}, ${model.device}`);
    stop.throwIfAborted();
    for (const { uri, reason } of report.skipped) err.write(`  left out: ${uri}, ${reason}\n`);

    await runTour({ advisor, out, signal: stop });
    if (!args.once) await serve(advisor, args.port, settings);
  } finally {
    await advisor.dispose();
  }
}

async function serve(advisor: Advisor, wanted: number, settings: DemoSettings): Promise<void> {
  const { out, stop, page = PAGE_FOLDER } = settings;
  if (!existsSync(page)) {
    throw new Error(`${page}: the page is not built. Run npm start, which builds it.`);
  }
  const paint = painter(out);
  let port = wanted;
  const app = createApp({
    advisor,
    setup: setupView(await advisor.status()),
    page: readPageFiles(page),
    port: () => port,
  });
  const listening = await listen((request) => app.fetch(request), wanted);
  port = listening.port;
  const other = port === wanted || wanted === 0 ? "" : ` (port ${wanted} is taken)`;
  out.write(`\n  The page: ${paint("bold", listening.url)}${other}\n  Ctrl+C ends it.\n`);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve(), { once: true });
  });
  await listening.close();
  out.write("\n  Closed.\n");
}
