import type { CommandContext, CommandResult } from "../context.ts";
import { embedderOf } from "../embedder-flag.ts";
import { EMBEDDED } from "../flag-values.ts";
import type { StoreFlags } from "../flags.ts";
import { bytes, counted, duration } from "../output/numbers.ts";
import { printableLine } from "../output/printable.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { writeWarnings } from "../output/warnings.ts";
import { storeLocation, storeOf } from "../store-flag.ts";
import { requireStore } from "../with-advisor.ts";

export interface ReembedFlags extends StoreFlags {
  readonly gpu: boolean;
}

/** `advisor reembed --embedder WHICH`. */
export async function reembed(context: CommandContext, flags: ReembedFlags): CommandResult {
  const { host, terminal, signal } = context;
  const embedder = embedderOf(flags.embedder, host.cwd);
  requireStore(context, flags);
  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Opening the store and the new embedder");
  const core = await host.core();
  const report = await core
    .reembed({
      store: storeOf(context, flags),
      embedder,
      ...(!flags.gpu && { gpu: false }),
      signal,
      onProgress: progress.show,
    })
    .finally(() => progress.end());

  if (flags.json) {
    await terminal.line(JSON.stringify({ store: storeLocation(context, flags), ...report }));
    return;
  }
  const { from, to, chunks, documents, elapsedMs } = report;
  const same = from.id === to.id && from.dimensions === to.dimensions;
  const heading = same
    ? `Nothing to do: ${printableLine(flags.store)} is of the embedder ${printableLine(to.id)} already`
    : `Re-embedded ${printableLine(flags.store)} in ${duration(elapsedMs)}`;
  await terminal.line(terminal.style("bold", heading));
  if (!same) {
    await terminal.line(`  from  ${printableLine(from.id)}, ${from.dimensions} dimensions`);
    await terminal.line(`  to    ${printableLine(to.id)}, ${to.dimensions} dimensions`);
    const size = report.bytes
      ? `; ${bytes(report.bytes.before)} on the disk before, ${bytes(report.bytes.after)} now`
      : "";
    const done = `  ${counted(chunks, "chunk")} of ${counted(documents, "page")} embedded${size}`;
    await terminal.line(terminal.style("dim", done));
    const flag =
      flags.embedder === EMBEDDED ? "" : `; name it with --embedder ${printableLine(flags.embedder)}`;
    await terminal.line(`From now on the store takes the new embedder alone${flag}.`);
  }
  await writeWarnings(terminal, report.warnings);
}
