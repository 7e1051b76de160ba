import { ModelError, throwIfAborted } from "@advisor/contracts";
import { sha256File } from "./fingerprint.ts";
import type { GgufFile } from "./read-file.ts";

/** @throws ModelError `model_untrusted` unless the whole file has this SHA-256. */
export async function checkSha256(
  file: GgufFile,
  expected: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const found = await sha256File(file.path, signal).catch((cause: unknown) => {
    throwIfAborted(signal, file.path);
    throw cause;
  });
  if (found === expected) return;
  throw new ModelError({
    code: "model_untrusted",
    subject: file.path,
    reason: `its SHA-256 is ${found}, and ${expected} was expected`,
    nextStep: "Download the expected file again, or correct the expected hash",
  });
}
