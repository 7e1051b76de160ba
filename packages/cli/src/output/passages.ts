import { type Passage, placeWords, type SearchResult, type SearchTimings } from "@advisor/contracts";
import type { Locate } from "./locate.ts";
import { counted, duration } from "./numbers.ts";
import { printable, printableLine } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { truncate, widthOf } from "./width.ts";
import { firstLines, indent, wrap } from "./wrap.ts";

/** Lines of a passage shown unless the whole of it is asked for. */
const PREVIEW_LINES = 4;
const MARGIN = "    ";

/** Passages as people read them: where each stands, and how it begins. */
export async function writePassages(
  terminal: Terminal,
  { passages, timings }: SearchResult,
  options: { readonly locate: Locate; readonly full: boolean },
): Promise<void> {
  if (passages.length === 0) {
    await terminal.line("Nothing found.");
  }
  for (const [index, passage] of passages.entries()) {
    if (index > 0) await terminal.line();
    const number = String(index + 1).padStart(2);
    const line = await options.locate(passage);
    await terminal.line(`${terminal.style("bold", number)}  ${placeLine(terminal, passage, line)}`);
    const width = terminal.width - MARGIN.length;
    const lines = wrap(preview(passage.text, options.full), width);
    const shown = options.full ? lines : firstLines(lines, PREVIEW_LINES, width);
    await terminal.line(indent(shown, MARGIN));
    if (passage.copies)
      await terminal.line(terminal.style("dim", `${MARGIN}${copiesLine(passage.copies, width)}`));
  }
  const summary = `${counted(passages.length, "passage")} in ${duration(timings.totalMs)}`;
  await terminal.line(`\n${terminal.style("dim", summary)}`);
}

/** Where else the passage stands. */
function copiesLine(copies: NonNullable<Passage["copies"]>, width: number): string {
  const paths = [...new Set(copies.map(({ uri }) => printableLine(uri)))].join(", ");
  return truncate(`The same in ${counted(copies.length, "other place")}: ${paths}`, width);
}

const STEPS: readonly (readonly [Exclude<keyof SearchTimings, "totalMs">, string])[] = [
  ["embedMs", "question embedded"],
  ["vectorMs", "searched by meaning"],
  ["keywordMs", "searched by words"],
  ["fuseMs", "ranks fused"],
  ["rerankMs", "reranked"],
  ["arrangeMs", "copies folded, places spread"],
  ["widenMs", "neighbours read"],
];

/** How long each step took. The legs run side by side, so the steps add up to more than the whole. */
export async function writeSearchTimings(terminal: Terminal, timings: SearchTimings): Promise<void> {
  for (const [step, words] of STEPS) {
    const ms = timings[step];
    if (ms !== undefined)
      await terminal.line(terminal.style("dim", `${`${ms.toFixed(1)} ms`.padStart(10)}  ${words}`));
  }
  await terminal.line(
    terminal.style("dim", `${`${timings.totalMs.toFixed(1)} ms`.padStart(10)}  the search`),
  );
}

/**
 * `path:line › heading › heading`, the headings left out from the outermost where they do not fit. A page or rows stand behind
 * the path (`book.pdf, page 3`); lines of records do where the line itself is not known.
 */
export function placeLine(
  terminal: Terminal,
  passage: Pick<Passage, "uri" | "headings" | "place">,
  line: number | undefined,
): string {
  const { uri, place } = passage;
  const behind = place && (place.unit !== "line" || line === undefined) ? `, ${placeWords(place)}` : "";
  const path = printableLine(uri) + (line === undefined ? "" : `:${line}`) + behind;
  const room = terminal.width - MARGIN.length - widthOf(path);
  const headings = passage.headings.map(printableLine);
  let trail = headings.join(" › ");
  while (headings.length > 1 && widthOf(trail) + 3 > room) {
    headings.shift();
    trail = `… › ${headings.join(" › ")}`;
  }
  const shown = trail && room > 12 ? terminal.style("dim", ` › ${truncate(trail, room - 3)}`) : "";
  return `${terminal.style("cyan", path)}${shown}`;
}

/** A passage without the blank lines that would use up its few lines of preview. */
function preview(text: Passage["text"], full: boolean): string {
  const safe = printable(text).trim();
  return full ? safe : safe.replace(/\n\s*\n/g, "\n");
}
