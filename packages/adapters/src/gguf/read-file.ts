import { type FileHandle, open } from "node:fs/promises";
import { AdapterError, type AdvisorError, ModelError } from "@advisor/contracts";
import { GgufFormatError, GgufIncompleteError } from "./cursor.ts";
import { MAX_HEADER_BYTES } from "./limits.ts";
import { type GgufHeader, parseGguf } from "./parse.ts";

/** What a GGUF is read for, which decides the family of its errors. */
export type GgufPurpose = "model" | "adapter";

/** A file as it was when it was checked, so that a later look can tell whether it is still the same one. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly modified: bigint;
}

export interface GgufFile {
  readonly path: string;
  readonly size: number;
  readonly identity: FileIdentity;
  readonly header: GgufHeader;
  /** The file's start, at least up to its tensor data or its end. */
  readonly start: Uint8Array;
}

/** First read. It holds the whole header of a small model; larger vocabularies need one or two more reads. */
const FIRST_READ = 4 * 1024 * 1024;

const GGUF_HINT = {
  model: "Give the path of a GGUF chat model",
  adapter: "Give the path of a LoRA adapter in GGUF format",
};

function fileMissing(purpose: GgufPurpose, path: string, cause?: unknown): AdvisorError {
  const options = { subject: path, reason: "there is no such file", nextStep: GGUF_HINT[purpose], cause };
  return purpose === "model"
    ? new ModelError({ code: "model_missing", ...options })
    : new AdapterError({ code: "adapter_missing", ...options });
}

export function fileInvalid(
  purpose: GgufPurpose,
  path: string,
  reason: string,
  nextStep = "Download or convert it again",
  cause?: unknown,
): AdvisorError {
  const options = { subject: path, reason, nextStep, cause };
  return purpose === "model"
    ? new ModelError({ code: "model_invalid", ...options })
    : new AdapterError({ code: "adapter_invalid", ...options });
}

async function identityOf(file: FileHandle): Promise<FileIdentity & { readonly isFile: boolean }> {
  const stat = await file.stat({ bigint: true });
  return {
    device: stat.dev,
    inode: stat.ino,
    size: stat.size,
    modified: stat.mtimeNs,
    isFile: stat.isFile(),
  };
}

function openError(purpose: GgufPurpose, path: string, cause: unknown): AdvisorError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR") return fileMissing(purpose, path, cause);
  const reason = code === "EACCES" || code === "EPERM" ? "it may not be read" : `it cannot be read (${code})`;
  return fileInvalid(purpose, path, reason, "Check the path and its permissions", cause);
}

async function readStart(file: FileHandle, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/**
 * Reads and checks the header of a GGUF file, whatever the file is.
 * @throws ModelError `model_missing`, `model_invalid`, or their AdapterError counterparts.
 */
export async function readGgufFile(path: string, purpose: GgufPurpose): Promise<GgufFile> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw openError(purpose, path, cause);
  }
  try {
    const { isFile, ...identity } = await identityOf(file);
    if (!isFile) throw fileInvalid(purpose, path, "it is a folder or a device", GGUF_HINT[purpose]);
    if (identity.size > BigInt(Number.MAX_SAFE_INTEGER)) throw fileInvalid(purpose, path, "it is too large");
    const size = Number(identity.size);
    if (size === 0) throw fileInvalid(purpose, path, "it is empty");
    const { start, header } = await readHeader(file, size);
    return { path, size, identity, header, start };
  } catch (cause) {
    if (cause instanceof GgufFormatError) {
      const hint = cause.message.includes("does not start") ? GGUF_HINT[purpose] : undefined;
      throw fileInvalid(purpose, path, `it is not a valid GGUF file: ${cause.message}`, hint, cause);
    }
    if (cause instanceof Error && "errno" in cause) throw openError(purpose, path, cause);
    throw cause;
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, size: number) {
  let length = Math.min(size, FIRST_READ);
  for (;;) {
    const start = await readStart(file, length);
    // A file that shrinks while it is read must end the loop, so its size is what could be read.
    const available = start.length < length ? start.length : size;
    try {
      return { start, header: parseGguf(start, available) };
    } catch (cause) {
      if (!(cause instanceof GgufIncompleteError)) throw cause;
      if (cause.needed > MAX_HEADER_BYTES) {
        throw new GgufFormatError(`its header is larger than ${MAX_HEADER_BYTES} bytes`);
      }
      length = Math.min(size, MAX_HEADER_BYTES, Math.max(length * 4, cause.needed));
    }
  }
}

/** True when the path still names the very file that was checked, unchanged. */
export async function isUnchanged(checked: GgufFile): Promise<boolean> {
  try {
    const file = await open(checked.path, "r");
    try {
      const now = await identityOf(file);
      const { device, inode, size, modified } = checked.identity;
      return now.device === device && now.inode === inode && now.size === size && now.modified === modified;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
