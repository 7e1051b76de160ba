import { AdvisorError, BadInputError, StoreError } from "@advisor/contracts";

/** A failure of the store's engine or file system as the error a caller can act on. */
export function storeFailure(thrown: unknown, location: string, secrets: readonly string[] = []): Error {
  if (AdvisorError.isInstance(thrown)) return thrown;
  const error = withoutSecrets(thrown, secrets);
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
  if (/no Azure account name|no storage account configured/i.test(message)) {
    return new BadInputError({
      code: "invalid_setting",
      subject,
      reason: "nobody said whose container it is",
      nextStep: "Name the account as azure_storage_account_name in storageOptions",
      cause: error,
    });
  }
  if (NO_CREDENTIALS.test(message)) {
    return new StoreError({
      code: "store_failed",
      subject,
      reason: "no credentials are given, and the cloud's own service gave none",
      nextStep: "Hand them over as storageOptions, or in the environment, by the names of docs/storage.md",
      cause: error,
    });
  }
  if (
    /status(?: code)?: 40[13]|lacked the necessary privileges|InvalidAccessKeyId|SignatureDoesNotMatch/i.test(
      message,
    )
  ) {
    return new StoreError({
      code: "store_failed",
      subject,
      reason: "its server refused access",
      nextStep: "Check the credentials and what they may do: read, write, list and delete under its prefix",
      cause: error,
    });
  }
  if (/NoSuchBucket|ContainerNotFound/.test(message)) {
    return new StoreError({
      code: "store_missing",
      subject,
      reason: "there is no such bucket",
      nextStep: "Make the bucket, or name another one",
      cause: error,
    });
  }
  if (UNAVAILABLE.test(message)) {
    return new StoreError({
      code: "store_unavailable",
      subject,
      reason: "its server does not answer, or is too busy",
      nextStep: "Call again in a while; what was stored before is still there",
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

/** What the client of an object store says when it has no key and asked the machine's cloud for one. */
const NO_CREDENTIALS =
  /TokenRequest|error performing token request|169\.254\.169\.254|no providers in chain provided credentials|CredentialsNotLoaded/i;

/** What the client of an object store says when it gave up trying. */
const UNAVAILABLE =
  /error sending request|HttpError \{ kind|SlowDown|ServiceUnavailable|status(?: code)?: (?:429|5\d\d)|connection (?:refused|reset|closed)|operation timed out|too much write contention|Commit conflict|CommitConflict|Retryable commit/i;

/** The same error without the values that nobody may see, in case the server or its client repeats one. */
function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  if (!secrets.some((secret) => text.includes(secret))) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Error(secrets.reduce((plain, secret) => plain.replaceAll(secret, "[secret]"), message));
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
