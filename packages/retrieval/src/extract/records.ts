import type { PassagePlace } from "@advisor/contracts";
import type { Block, Span } from "../chunk/blocks.ts";
import { wellFormed } from "./well-formed.ts";

/**
 * Limit on one record, in bytes: 1 MiB. A table's row or a line of JSON is far smaller; what is larger is a quote that was
 * never closed, or an attack on the memory of whoever parses it.
 */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Records are gathered up to this many UTF-16 units, about a chunk's aim, so that ten-character rows do not become a passage each. */
const PACK_LENGTH = 300;
/** Most warnings that one file gives: enough to see what is wrong with it. */
const MAX_WARNINGS = 20;

export interface SourceWarning {
  /** Stable, such as `record_skipped`. */
  readonly code: string;
  readonly message: string;
}

export interface Records {
  readonly blocks: readonly Block[];
  readonly warnings: readonly SourceWarning[];
}

export interface FileRecord extends Span {
  /** The row or line number by which a person finds it, from 1. */
  readonly number: number;
  /** Something that was left out stands before it, so that no passage may reach over it from the record before. */
  readonly apart?: boolean;
}

/**
 * Records as blocks. Each section is a run of small records or one larger record, with their numbers as its place, so that no
 * passage mixes a large record with the next or holds what was left out between two. `columns` is a heading over all of them.
 */
export function recordBlocks(
  unit: PassagePlace["unit"],
  records: readonly FileRecord[],
  columns?: string,
): Block[] {
  const blocks: Block[] = [];
  const start = records[0]?.start ?? 0;
  if (columns) blocks.push({ kind: "heading", depth: 1, title: columns, start, end: start });
  let run: FileRecord[] = [];
  let length = 0;
  const close = () => {
    const first = run[0];
    const last = run.at(-1);
    if (!first || !last) return;
    blocks.push({ kind: "place", place: { unit, first: first.number, last: last.number } });
    blocks.push({ kind: "table", units: run.map(({ start, end }) => ({ start, end })) });
    run = [];
    length = 0;
  };
  for (const record of records) {
    const size = record.end - record.start;
    if (record.apart || length + size > PACK_LENGTH) close();
    run.push(record);
    length += size;
  }
  close();
  return blocks;
}

/** A list that stops growing, and says how much it left out. */
export function createWarnings() {
  const kept: SourceWarning[] = [];
  let more = 0;
  return {
    add(code: string, message: string) {
      if (kept.length < MAX_WARNINGS) kept.push({ code, message: wellFormed(message) });
      else more++;
    },
    end(): readonly SourceWarning[] {
      if (more === 0) return kept;
      return [...kept, { code: "more_warnings", message: `${more} more warnings of this kind` }];
    },
  };
}
