import { AdvisorError, StoreError } from "@advisor/contracts";

/** A failure of the store's engine or file system as the error a caller can act on. */
export function storeFailure(error: unknown, location: string): Error {
  if (AdvisorError.isInstance(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const subject = `knowledge store ${location}`;
  if (/ENOSPC|EDQUOT|no space left|os error 28\b|os error 122\b|disk quota/i.test(message)) {
    return new StoreError({
      code: "store_disk_full",
      subject,
      reason: "the disk is full",
      nextStep: "Free some space and call again; what was stored before is still there",
      cause: error,
    });
  }
  if (/EACCES|EPERM|EROFS|permission denied|read-only file system/i.test(message)) {
    return new StoreError({
      code: "store_failed",
      subject,
      reason: "it cannot be read or written (permission denied)",
      nextStep: "Give this user the right to read and write it",
      cause: error,
    });
  }
  if (DAMAGED.test(message) && !/too many open files|timed? ?out|interrupted/i.test(message)) {
    return new StoreError({
      code: "store_corrupt",
      subject,
      reason: `a file of it is missing or damaged (${firstLine(message)})`,
      nextStep: "Restore the folder from a backup, or remove it and sync again",
      cause: error,
    });
  }
  return new StoreError({
    code: "store_failed",
    subject,
    reason: firstLine(message),
    nextStep: "Call again; if it fails again, remove the folder and sync anew",
    cause: error,
  });
}

/** What LanceDB says when a file is missing, cut or overwritten. */
const DAMAGED =
  /not found|no such file|corrupt|invalid|unexpected end|malformed|decode|magic|eof|out of bounds|LanceError\(IO\)|failed to (?:read|load|parse)/i;

/** The first line without the engine's source places, and without any bytes of the store: they may be anybody's text. */
function firstLine(message: string): string {
  const [line = ""] = message.split("\n");
  const plain = line.replace(/,? ?bytes: b".*$/, "").replace(/,? \/\S+\.rs:\d+:\d+.*$/, "");
  return plain.slice(0, 300).replace(/[.\s]+$/, "");
}
