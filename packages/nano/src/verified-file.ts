import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { ModelError } from "@advisor/contracts";

/** What a file must be. */
export interface ExpectedFile {
  /** Size, where it is known. */
  readonly bytes?: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Read in pieces, so that a large model is never held whole to be hashed. */
const READ_BYTES = 1024 * 1024;
const REINSTALL = "Install @advisor/nano again";

/** Throws unless a regular file of this size and content is there. The size is looked at first: it costs nothing. */
export async function verifyFile(path: string, expected: ExpectedFile): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  if (!found.isFile()) throw missing(path);
  if (expected.bytes !== undefined && found.size !== expected.bytes) {
    throw untrusted(path, `holds ${found.size} bytes where its card says ${expected.bytes}`);
  }
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(piece);
  } catch (cause) {
    throw missing(path, cause);
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== expected.sha256) {
    throw untrusted(path, `has the SHA-256 ${sha256} where its card says ${expected.sha256}`);
  }
}

/** Throws unless a regular file is there. */
export async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  if (!found.isFile()) throw missing(path);
}

function missing(path: string, cause?: unknown): ModelError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  const reason =
    code === undefined
      ? "is not a file"
      : code === "ENOENT" || code === "ENOTDIR"
        ? "is not there"
        : `cannot be read (${code})`;
  return new ModelError({ code: "model_missing", subject: path, reason, nextStep: REINSTALL, cause });
}

function untrusted(path: string, reason: string): ModelError {
  return new ModelError({ code: "model_untrusted", subject: path, reason, nextStep: REINSTALL });
}
