import { Worker } from "node:worker_threads";
import { MAX_DOCUMENT_LENGTH, type MediaType } from "@advisor/contracts";
import type { Extracted } from "./extract.ts";
import { Unreadable } from "./front-matter.ts";
import type { PdfContents } from "./pdf-text.ts";

/** Limits on what one file may cost that is read in the worker. */
export interface ReadLimits {
  /** Most time for one file, in milliseconds. */
  readonly maxMs: number;
  /** Most JavaScript heap of the worker, in MiB. */
  readonly maxHeapMebibytes: number;
  /** Most by which the process may grow while a file is read, in bytes: buffers lie outside the heap. */
  readonly maxGrowthBytes: number;
  readonly maxPages: number;
  /** Most bytes that an archive's XML may unpack to. */
  readonly maxUnpackedBytes: number;
  /** Most UTF-16 units of text. */
  readonly maxLength: number;
}

const READ_LIMITS: ReadLimits = {
  // A thousand pages take some ten seconds on a slow machine; what takes six times that is stuck.
  maxMs: 60_000,
  // The tree of a large Word document takes about ten times its XML.
  maxHeapMebibytes: 512,
  maxGrowthBytes: 1024 * 1024 * 1024,
  // The longest manuals and laws stay below; a PDF of a few kilobytes can claim any number of pages.
  maxPages: 5000,
  // A page is about 20 KB of XML. CWE-409: a megabyte can unpack to a thousand.
  maxUnpackedBytes: 64 * 1024 * 1024,
  maxLength: MAX_DOCUMENT_LENGTH,
};

/** How often the memory of the process is looked at while a file is read. */
const WATCH_MS = 50;

/** A text of one of the formats that `extract` reads. */
export interface TextSource {
  readonly content: string;
  readonly mediaType: MediaType;
  readonly uri: string;
}

/** What the worker is asked for. `extractor` is the module of `extract`, as JavaScript. */
export type ReadRequest = { readonly limits: ReadLimits } & (
  | { readonly format: "pdf" | "docx"; readonly bytes: Uint8Array }
  | { readonly format: "text"; readonly source: TextSource; readonly extractor: string }
);

/** What it answers with. */
export interface ReadResponse {
  readonly unpacked?: Unpacked;
  readonly extracted?: Extracted;
  readonly reason?: string;
}

/**
 * Longer texts are read in the worker, in UTF-16 units. The worst ones known take time with the square of their length:
 * 41 s at 4 Mi, so a sixth of a second here; and most pages are shorter, which the way to the worker would slow.
 */
export const ISOLATED_LENGTH = 256 * 1024;

/** Node 20 loads no TypeScript in a worker, so from the sources it is the built one that is loaded. */
const EXTRACTOR = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/extract/extract.js" : "./extract.js",
  import.meta.url,
).href;

export type Unpacked =
  | ({ readonly format: "pdf" } & PdfContents)
  | { readonly format: "docx"; readonly html: string };

export interface IsolatedReader {
  /**
   * Reads one file in the worker; one at a time. Throws {@link Unreadable} with the reason when it cannot be read, or would
   * cost more than the limits; the worker is then ended, and the next file gets a new one.
   */
  unpack(bytes: Uint8Array, format: "pdf" | "docx", signal?: AbortSignal): Promise<Unpacked>;
  /** The same for a text of any length: what `extract` gives for it, under the limits of time and memory. */
  readText(source: TextSource, signal?: AbortSignal): Promise<Extracted>;
  dispose(): Promise<void>;
}

interface ReaderSettings {
  readonly limits?: Partial<ReadLimits>;
  /** The worker's file. Tests put ones that fail in its place. */
  readonly worker?: URL;
}

/** Starts no worker until the first file comes, and keeps it for the next. */
export function createIsolatedReader(settings: ReaderSettings = {}): IsolatedReader {
  const limits = { ...READ_LIMITS, ...settings.limits };
  const file = settings.worker ?? new URL("./reader-worker.mjs", import.meta.url);
  let worker: Worker | undefined;
  let tail: Promise<unknown> = Promise.resolve();

  const start = () => {
    const fresh = new Worker(file, {
      // Nothing of the surroundings reaches the readers, and what they print about a file reaches nobody.
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: limits.maxHeapMebibytes, maxYoungGenerationSizeMb: 32 },
    });
    fresh.stdout.resume();
    fresh.stderr.resume();
    // While nothing is read, a worker must not keep the process alive, nor its end be anyone's failure.
    fresh.unref();
    fresh.on("error", () => {});
    return fresh;
  };

  const run = async (request: ReadRequest, signal?: AbortSignal): Promise<ReadResponse> => {
    worker ??= start();
    const current = worker;
    let fail: (reason: string) => void = () => {};
    const onError = (error: NodeJS.ErrnoException) => {
      worker = undefined;
      const memory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      fail(memory ? tooMuchMemory(limits) : `it could not be read (${error.message.slice(0, 160)})`);
    };
    const answer = new Promise<ReadResponse>((resolve, reject) => {
      fail = (reason) => reject(new Unreadable(reason));
      current.once("message", (response: ReadResponse) => {
        if (response.reason === undefined) resolve(response);
        else fail(response.reason);
      });
      current.once("error", onError);
      current.once("exit", () => {
        worker = undefined;
        fail("it could not be read (its reader ended)");
      });
    });
    const stop = (reason: string) => {
      worker = undefined;
      fail(reason);
      void current.terminate();
    };
    const abort = () => stop("the signal was aborted");
    const before = process.memoryUsage.rss();
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() - before > limits.maxGrowthBytes) stop(tooMuchMemory(limits));
    }, WATCH_MS);
    const clock = setTimeout(
      () => stop(`reading it took longer than ${limits.maxMs / 1000} seconds`),
      limits.maxMs,
    );
    signal?.addEventListener("abort", abort, { once: true });
    try {
      if (signal?.aborted) abort();
      else if (request.format === "text") current.postMessage(request);
      else {
        const copy = new Uint8Array(request.bytes);
        current.postMessage({ ...request, bytes: copy } satisfies ReadRequest, [copy.buffer]);
      }
      return await answer;
    } finally {
      clearInterval(watch);
      clearTimeout(clock);
      signal?.removeEventListener("abort", abort);
      current.off("error", onError).removeAllListeners("message").removeAllListeners("exit");
    }
  };

  const inTurn = (request: ReadRequest, signal: AbortSignal | undefined) => {
    const result = tail.then(() => run(request, signal));
    tail = result.catch(() => {});
    return result;
  };

  return {
    async unpack(bytes, format, signal) {
      const { unpacked } = await inTurn({ bytes, format, limits }, signal);
      if (!unpacked) throw new Unreadable("it could not be read");
      return unpacked;
    },
    async readText(source, signal) {
      const { extracted } = await inTurn({ format: "text", source, extractor: EXTRACTOR, limits }, signal);
      if (!extracted) throw new Unreadable("it could not be read");
      return extracted;
    },
    async dispose() {
      await tail;
      const last = worker;
      worker = undefined;
      await last?.terminate();
    },
  };
}

function tooMuchMemory({ maxHeapMebibytes, maxGrowthBytes }: ReadLimits): string {
  return `reading it took more memory than allowed (${maxHeapMebibytes} MiB of objects, ${Math.round(maxGrowthBytes / 1024 / 1024)} MiB in all)`;
}
