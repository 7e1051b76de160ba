import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path";
import { MAX_DOCUMENT_LENGTH, type MediaType } from "@advisor/contracts";
import { decode } from "./decode.ts";
import { Unreadable } from "./front-matter.ts";
import { SOURCE_CODE_ENDINGS } from "./source-code.ts";

/** Limit on a file, in bytes: a document's text cannot be longer, and no larger file is ever read into memory. */
const MAX_FILE_BYTES = MAX_DOCUMENT_LENGTH;

/** Limit on a PDF or DOCX file, in bytes: pictures make most of it, and it is held in memory while it is read. */
export const MAX_BINARY_FILE_BYTES = 64 * 1024 * 1024;

/** What is read at once of a file that is not of the size that it should be. */
const READ_BYTES = 256 * 1024;

/** Formats that are no text: only `sync` reads them, and what they hold comes out of a worker. */
export type BinaryMediaType =
  | "application/pdf"
  | "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

const MEDIA_TYPES: Readonly<Record<string, MediaType | BinaryMediaType>> = {
  ".md": "text/markdown",
  ".markdown": "text/markdown",
  ".mdown": "text/markdown",
  ".mkd": "text/markdown",
  ".txt": "text/plain",
  ".text": "text/plain",
  ".html": "text/html",
  ".htm": "text/html",
  ".xhtml": "text/html",
  ".csv": "text/csv",
  ".tsv": "text/tab-separated-values",
  ".tab": "text/tab-separated-values",
  ".jsonl": "application/x-ndjson",
  ".ndjson": "application/x-ndjson",
  ".pdf": "application/pdf",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
};

/** Which reader a format that is no text needs; undefined for text. */
export function binaryFormat(mediaType: MediaType | BinaryMediaType): "pdf" | "docx" | undefined {
  if (mediaType === "application/pdf") return "pdf";
  if (mediaType === "application/vnd.openxmlformats-officedocument.wordprocessingml.document") return "docx";
  return undefined;
}

/** Files that tools write for tools: nobody asks what stands in them, and they would drown what people wrote. */
const WRITTEN_BY_TOOLS =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.ya?ml|composer\.lock\.json|[^/]*\.min\.(?:js|css))$/i;

/** What a file is, by the ending of its name; undefined when it is none that is read here. */
export function mediaTypeOf(path: string): MediaType | BinaryMediaType | undefined {
  const ending = extname(path).toLowerCase();
  return (
    MEDIA_TYPES[ending] ?? (Object.hasOwn(SOURCE_CODE_ENDINGS, ending) ? "text/x-source-code" : undefined)
  );
}

/** Why a file is left out by its name, as a clause; undefined when it is to be read. */
export function reasonByName(path: string): string | undefined {
  if (WRITTEN_BY_TOOLS.test(path)) return "it is written by a tool, not by a person";
  return mediaTypeOf(path) ? undefined : "it is none of the formats that are read, by its name";
}

/**
 * Reads a text file. Throws {@link Unreadable} with the reason when it is no regular file, too large, not readable,
 * binary, not valid UTF-8 or UTF-16, or empty. Size is judged before anything is read.
 */
export async function readTextFile(path: string): Promise<string> {
  return decode(await readBytes(path, MAX_FILE_BYTES));
}

/** Reads a PDF or DOCX file. Throws {@link Unreadable} with the reason, as {@link readTextFile} does. */
export async function readBinaryFile(path: string): Promise<Uint8Array> {
  const bytes = await readBytes(path, MAX_BINARY_FILE_BYTES);
  if (bytes.length === 0) throw new Unreadable("it is empty");
  return bytes;
}

async function readBytes(path: string, limit: number): Promise<Buffer> {
  let file: FileHandle;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw new Unreadable(systemReason(error));
  }
  try {
    const before = await file.stat();
    if (!before.isFile()) throw new Unreadable("it is not a regular file");
    if (before.size > limit) throw new Unreadable(tooLarge(before.size, limit));
    const bytes = await readAtMost(file, before.size, limit);
    const after = await file.stat();
    // Half of an old text and half of a new one is a text that nobody wrote.
    if (after.mtimeMs !== before.mtimeMs || after.size !== bytes.length)
      throw new Unreadable("it was changed while it was read; sync again");
    return bytes;
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(systemReason(error));
  } finally {
    await file.close();
  }
}

/**
 * Reads to the end, but never beyond the limit, should the file grow meanwhile. `size` is what it should have: no larger
 * buffer is made, since of a hundred thousand small files each would take one.
 */
async function readAtMost(file: FileHandle, size: number, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for (let room = size + 1; ; room = READ_BYTES) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(room), 0, room, length);
    length += bytesRead;
    if (length > limit) throw new Unreadable(tooLarge(length, limit));
    const piece = buffer.subarray(0, bytesRead);
    // Whoever fills not the room for one byte more was at the end.
    if (pieces.length === 0 && length === size) return piece;
    if (bytesRead === 0) return Buffer.concat(pieces);
    pieces.push(piece);
  }
}

function tooLarge(size: number, limit: number): string {
  const mebi = (bytes: number) => `${Math.ceil((bytes / 1024 / 1024) * 10) / 10} MiB`;
  return `it is ${mebi(size)}, more than the ${mebi(limit)} read at most; split it`;
}

/** A system error as a clause, such as `it cannot be read (permission denied)`. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES" || code === "EPERM") return "it cannot be read (permission denied)";
  if (code === "ENOENT") return "it is no longer there";
  if (code === "EMFILE" || code === "ENFILE") return "it cannot be read (too many files are open)";
  if (code === "ELOOP") return "it is a symbolic link that leads in a circle";
  return `it cannot be read (${code ?? (error instanceof Error ? error.message : String(error))})`;
}
