import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { AdvisorError, BadInputError, type Filter, filterSchema, parseInput } from "@advisor/contracts";
import type { CommandContext } from "./context.ts";
import { inOrder } from "./in-order.ts";
import { describeError, EXIT_FAILURE, EXIT_OK } from "./report-error.ts";
import { errorLine } from "./result-lines.ts";

/** Longest line that is read: evaluation files carry whole articles beside a question, and none is this long. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface BatchQuestion {
  readonly id: string | number;
  readonly question: string;
  /** Which pages this question looks at, on top of what the flags say. */
  readonly filter?: Filter;
}

interface BatchLine {
  /** From 1, blank lines counted. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

/**
 * Answers a file of questions, one JSON line a question, in the order of the file, each as soon as it and those before
 * it are done. A line that cannot be read or answered gets a line with its error, and the rest goes on.
 *
 * @returns exit code 1 when any line has an error.
 * @throws BadInputError when the file cannot be read, and whatever would strike every line alike, such as a store that
 * cannot be opened.
 */
export async function runBatch(
  context: CommandContext,
  options: {
    readonly file: string;
    readonly concurrency: number;
    readonly onDone?: (done: number) => void;
    answer(question: BatchQuestion): Promise<object>;
  },
): Promise<number> {
  let failed = 0;
  let done = 0;
  const results = inOrder(
    linesOf(openBatch(context, options.file), options.file),
    options.concurrency,
    context.signal,
    async (line) => {
      let id: string | number | null = null;
      try {
        const question = parseLine(line, (found) => {
          id = found;
        });
        return await options.answer(question);
      } catch (error) {
        if (context.signal.aborted || concernsEveryLine(error)) throw error;
        failed++;
        return errorLine(id, await describeError(error), line.number);
      }
    },
  );
  for await (const result of results) {
    await context.terminal.line(JSON.stringify(result));
    options.onDone?.(++done);
  }
  return failed > 0 ? EXIT_FAILURE : EXIT_OK;
}

/**
 * All questions of a file, for work that needs them together.
 * @throws BadInputError when the file or a line of it cannot be read.
 */
export async function readBatch(
  context: CommandContext,
  file: string,
  flag: string,
): Promise<readonly BatchQuestion[]> {
  const questions: BatchQuestion[] = [];
  for await (const line of linesOf(openBatch(context, file), file, flag)) {
    questions.push(parseLine(line, () => undefined));
  }
  return questions;
}

/** Codes of errors that lie in the question or in one answer to it. */
const OF_ONE_LINE: ReadonlySet<string> = new Set([
  "invalid_request",
  "context_exceeded",
  "model_failed",
  "not_permitted",
]);

function concernsEveryLine(error: unknown): boolean {
  return AdvisorError.isInstance(error) && !OF_ONE_LINE.has(error.code);
}

function openBatch({ host }: CommandContext, file: string): Readable {
  return file === "-" ? host.stdin : createReadStream(resolve(host.cwd, file));
}

const READ_FAILURES: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such file"],
  ["EISDIR", "it is a folder"],
  ["EACCES", "permission denied"],
]);

async function* linesOf(input: Readable, file: string, flag = "--batch"): AsyncGenerator<BatchLine> {
  let number = 0;
  let parts: Buffer[] = [];
  let length = 0;
  const take = (): BatchLine => {
    const tooLong = length > MAX_LINE_BYTES;
    const bytes = tooLong ? Buffer.alloc(0) : Buffer.concat(parts);
    parts = [];
    length = 0;
    return { number: ++number, bytes, tooLong };
  };
  const keep = (part: Buffer) => {
    length += part.length;
    if (length <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  try {
    for await (const chunk of input) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Buffer);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        keep(bytes.subarray(start, end));
        start = end + 1;
        const line = take();
        if (!isBlank(line)) yield line;
      }
      keep(bytes.subarray(start));
    }
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new BadInputError({
      code: "invalid_request",
      subject: `${flag} ${file}`,
      reason: `cannot be read (${READ_FAILURES.get(error.code ?? "") ?? error.code})`,
      nextStep: 'Name a file with one {"id","question"} a line, or - for standard input',
      cause: error,
    });
  }
  const last = take();
  if (!isBlank(last)) yield last;
}

function isBlank({ bytes, tooLong }: BatchLine): boolean {
  return !tooLong && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** Reads the id first, so that a line whose question is missing still answers under it. */
function parseLine(
  { number, bytes, tooLong }: BatchLine,
  onId: (id: string | number) => void,
): BatchQuestion {
  const wrong = (reason: string, cause?: unknown) =>
    new BadInputError({
      code: "invalid_request",
      subject: `batch line ${number}`,
      reason,
      nextStep: 'Write one JSON object such as {"id":"1","question":"…"} on it',
      cause,
    });
  if (tooLong) throw wrong(`is longer than ${MAX_LINE_BYTES / 1024 / 1024} MiB`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? "is not JSON" : "is not UTF-8 text", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong("is not a JSON object");
  const { id, question, filter } = value as { id?: unknown; question?: unknown; filter?: unknown };
  if (typeof id !== "string" && typeof id !== "number") throw wrong("has no id that is a text or a number");
  onId(id);
  if (typeof question !== "string") throw wrong("has no question that is a text");
  if (filter === undefined || filter === null) return { id, question };
  return { id, question, filter: parseInput(filterSchema, filter, `batch line ${number}, filter`) };
}
