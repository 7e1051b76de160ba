import { Unreadable } from "./front-matter.ts";
import { createWarnings, type FileRecord, MAX_RECORD_BYTES, type Records, recordBlocks } from "./records.ts";

/**
 * The lines of a JSONL file in `text` from `from` on, as written. A line that is not JSON, or over 1 MiB, is left out with a
 * warning that names it. Throws `Unreadable` when none is JSON.
 */
export function jsonLineRecords(text: string, from: number): Records {
  const warnings = createWarnings();
  const records: FileRecord[] = [];
  let number = 0;
  let afterSkipped = false;
  for (const { start, end } of lines(text, from)) {
    number++;
    const line = text.slice(start, end);
    if (line.trim() === "") continue;
    const problem = Buffer.byteLength(line) > MAX_RECORD_BYTES ? "is over 1 MiB" : jsonProblem(line);
    if (problem) warnings.add("record_skipped", `line ${number} ${problem}, it was left out`);
    else records.push({ start, end, number, ...(afterSkipped && { apart: true }) });
    afterSkipped = problem !== undefined;
  }
  if (records.length === 0) throw new Unreadable("no line of it is JSON");
  return { blocks: recordBlocks("line", records), warnings: warnings.end() };
}

function* lines(text: string, from: number): Generator<{ start: number; end: number }> {
  // Line numbers are those of an editor: they count the front matter, should there be any.
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const next = newline < 0 ? text.length : newline + 1;
    let end = newline < 0 ? text.length : newline;
    if (end > start && text[end - 1] === "\r") end--;
    if (start >= from || next > from) yield { start: Math.max(start, from), end: Math.max(end, from) };
    else yield { start, end: start };
    start = next;
  }
}

function jsonProblem(line: string): string | undefined {
  try {
    JSON.parse(line);
    return undefined;
  } catch {
    return "is not valid JSON";
  }
}
