import { type CsvError, parse } from "csv-parse/sync";
import { Unreadable } from "./front-matter.ts";
import { createWarnings, type FileRecord, MAX_RECORD_BYTES, type Records, recordBlocks } from "./records.ts";
import { wellFormed } from "./well-formed.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;

/**
 * The rows of a CSV or TSV file (RFC 4180, and what spreadsheets make of it) in `text` from `from` on, as written: quoted
 * cells may hold delimiters and line breaks. The first row names the columns, unless a number or two equal names stand in
 * it. Rows are numbered as a spreadsheet numbers them: the first one is row 1. In CSV the delimiter is the likeliest of
 * `,` `;` tab and `|` in the first line. Throws `Unreadable` when a quote is never closed or a row is over 1 MiB.
 */
export function tableRecords(text: string, from: number, tabs: boolean): Records {
  const bytes = Buffer.from(text.slice(from));
  const delimiter = tabs ? "\t" : likeliest(text, from);
  const warnings = createWarnings();
  const records: FileRecord[] = [];
  let columns: readonly string[] = [];
  let row = 0;
  let width = 0;
  let lastByte = 0;
  let lastUnit = from;
  try {
    parse(bytes, {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: MAX_RECORD_BYTES,
      // Rows are not gathered: only where they lie, so that a file of a million rows stays small in memory.
      on_record: (cells: readonly string[], { bytes: end }) => {
        row++;
        const start = lastUnit;
        lastUnit += bytes.toString("utf8", lastByte, end).length;
        lastByte = end;
        if (cells.every((cell) => cell.trim() === "")) return null;
        const span = withoutLineBreaks(text, start, lastUnit);
        if (width === 0) {
          width = cells.length;
          if (areNames(cells)) {
            columns = cells;
            return null;
          }
        } else if (cells.length !== width) {
          warnings.add(
            "ragged_row",
            `row ${row} has ${cells.length} ${cells.length === 1 ? "cell" : "cells"}, the first row has ${width}`,
          );
        }
        records.push({ ...span, number: row });
        return null;
      },
    });
  } catch (error) {
    throw new Unreadable(reasonOf(error as CsvError, row));
  }
  const header = wellFormed(
    columns
      .map((name) => name.replace(/\s+/g, " ").trim())
      .filter((name) => name !== "")
      .join(", ")
      .slice(0, 1024),
  );
  if (records.length === 0 && columns.length > 0) {
    const span = withoutLineBreaks(text, from, lastUnit);
    return { blocks: recordBlocks("row", [{ ...span, number: 1 }]), warnings: warnings.end() };
  }
  return { blocks: recordBlocks("row", records, header || undefined), warnings: warnings.end() };
}

function likeliest(text: string, from: number): string {
  const line = /^[^\n\r]*/.exec(text.slice(from, from + 64 * 1024))?.[0] ?? "";
  const bare = line.replace(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}

function areNames(cells: readonly string[]): boolean {
  const names = cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  return new Set(names).size === names.length && names.every((name) => Number.isNaN(Number(name)));
}

function withoutLineBreaks(text: string, start: number, end: number): { start: number; end: number } {
  let from = start;
  let to = end;
  while (from < to && (text[from] === "\n" || text[from] === "\r")) from++;
  while (to > from && (text[to - 1] === "\n" || text[to - 1] === "\r")) to--;
  return { start: from, end: to };
}

function reasonOf(error: CsvError, rowsRead: number): string {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") return `row ${rowsRead + 1} opens a quote that is never closed`;
  if (error.code === "CSV_MAX_RECORD_SIZE")
    return `row ${rowsRead + 1} is over 1 MiB; is a quote in it never closed?`;
  return `it is not valid CSV after row ${rowsRead} (${String(error.code ?? error.message)})`;
}
