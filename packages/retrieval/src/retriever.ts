import {
  AdvisorError,
  CancelledError,
  type FolderWatch,
  type Retriever,
  type StoreError,
} from "@advisor/contracts";
import { createReadingCalls } from "./reading-calls.ts";
import type { RetrieverParts, Track } from "./retriever-parts.ts";
import { createTenantReader } from "./tenant-reader.ts";
import { createWritingCalls } from "./writing-calls.ts";

/** The retriever on an open database: reading calls, writing calls, and what waits for what. */
export function createRetriever(parts: RetrieverParts): Retriever {
  const { location, database, now, currentManifest } = parts;
  const reader = createTenantReader(database, now);
  const inFlight = new Set<Promise<unknown>>();
  const watches = new Set<FolderWatch>();
  const subject = `knowledge store ${location}`;
  let disposed: Promise<void> | undefined;

  const track: Track = (work) => {
    if (disposed) return Promise.reject(disposedError(subject));
    const running = work().catch(async (error: unknown) => {
      // Tables that were replaced while they were read look like damaged ones.
      const reason = isStoreError(error) ? await currentManifest().catch((now: unknown) => now) : undefined;
      throw isStoreError(reason) && reason.code === "store_embedder_mismatch" ? reason : error;
    });
    inFlight.add(running);
    const forget = () => inFlight.delete(running);
    running.then(forget, forget);
    return running;
  };

  const dispose = (): Promise<void> => {
    disposed ??= (async () => {
      await Promise.allSettled(inFlight);
      await Promise.all([...watches].map((watch) => watch.close()));
      await reader.close();
      parts.close();
    })();
    return disposed;
  };

  return {
    ...createReadingCalls(parts, reader, track),
    ...createWritingCalls(parts, reader, track, watches),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function isStoreError(error: unknown): error is StoreError {
  return AdvisorError.isInstance(error) && error.code.startsWith("store_");
}

function disposedError(subject: string): CancelledError {
  return new CancelledError({
    code: "disposed",
    subject,
    reason: "it was closed",
    nextStep: "Open it again",
  });
}
