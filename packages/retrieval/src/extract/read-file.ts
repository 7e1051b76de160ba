import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path";
import { MAX_DOCUMENT_LENGTH, type MediaType } from "@advisor/contracts";
import { Unreadable } from "./front-matter.ts";

/** Limit on a file, in bytes: a document's text cannot be longer, and no larger file is ever read into memory. */
const MAX_FILE_BYTES = MAX_DOCUMENT_LENGTH;

const MEDIA_TYPES: Readonly<Record<string, MediaType>> = {
  ".md": "text/markdown",
  ".markdown": "text/markdown",
  ".mdown": "text/markdown",
  ".mkd": "text/markdown",
  ".txt": "text/plain",
  ".text": "text/plain",
  ".html": "text/html",
  ".htm": "text/html",
  ".xhtml": "text/html",
};

/** What a file is, by the ending of its name; undefined when it is none that is read here. */
export function mediaTypeOf(path: string): MediaType | undefined {
  return MEDIA_TYPES[extname(path).toLowerCase()];
}

/** A byte-order mark stays in the text, so that offsets hold in the file. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a text file. Throws {@link Unreadable} with the reason when it is no regular file, too large, not readable,
 * binary, not UTF-8 or empty. Size is judged before anything is read.
 */
export async function readTextFile(path: string): Promise<string> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new Unreadable(systemReason(error));
  }
  try {
    const { size, isFile } = await file
      .stat()
      .then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
    if (!isFile) throw new Unreadable("it is not a regular file");
    if (size > MAX_FILE_BYTES) throw new Unreadable(tooLarge(size));
    const bytes = await readAtMost(file, MAX_FILE_BYTES);
    return decode(bytes);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(systemReason(error));
  } finally {
    await file.close();
  }
}

/** Reads to the end, but never beyond the limit, should the file grow meanwhile. */
async function readAtMost(file: FileHandle, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(256 * 1024), 0, 256 * 1024, length);
    if (bytesRead === 0) return Buffer.concat(pieces);
    length += bytesRead;
    if (length > limit) throw new Unreadable(tooLarge(length));
    pieces.push(buffer.subarray(0, bytesRead));
  }
}

function decode(bytes: Buffer): string {
  if (bytes.length === 0) throw new Unreadable("it is empty");
  if (bytes.includes(0)) {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new Unreadable(utf16 ? "it is UTF-16, save it as UTF-8" : "it is a binary file, not text");
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Unreadable("it is not UTF-8, save it as UTF-8");
  }
  if (text.replace("\ufeff", "").trim() === "") throw new Unreadable("it is empty");
  return text;
}

function tooLarge(size: number): string {
  const mebi = (bytes: number) => `${Math.ceil((bytes / 1024 / 1024) * 10) / 10} MiB`;
  return `it is ${mebi(size)}, more than the ${mebi(MAX_FILE_BYTES)} read at most; split it`;
}

/** A system error as a clause, such as `it cannot be read (permission denied)`. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES" || code === "EPERM") return "it cannot be read (permission denied)";
  if (code === "ENOENT") return "it is no longer there";
  if (code === "ELOOP") return "it is a symbolic link that leads in a circle";
  return `it cannot be read (${code ?? (error instanceof Error ? error.message : String(error))})`;
}
