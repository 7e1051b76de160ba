import { setTimeout as sleep } from "node:timers/promises";
import { AdvisorError, BadInputError, ModelError, throwIfAborted } from "@advisor/contracts";
import { isLoopback } from "../loopback.ts";

/** First wait before a request is sent again, in milliseconds; each further one is twice as long, up to {@link MAX_WAIT_MS}. */
const FIRST_WAIT_MS = 500;
/** Longest wait, also when the server asks for more: then the call fails and says so. */
const MAX_WAIT_MS = 60_000;
/** Answers that may be different the next time. */
const PASSING_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** A server that JSON is sent to. */
export interface Endpoint {
  /** Where requests go, without what may be secret in the address. */
  readonly name: string;
  /** Sends JSON and gives the JSON that comes back, sending again what failed in passing. */
  post(body: unknown, maxBytes: number, signal?: AbortSignal): Promise<unknown>;
}

export interface EndpointSettings {
  readonly url: URL;
  readonly apiKey: string | undefined;
  /** Limit on one try, in milliseconds. */
  readonly timeoutMs: number;
  /** How often a request is sent again. */
  readonly retries: number;
  /** Waits. Tests put their own clock here. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * The address to send to. Nothing leaves this machine unless the caller allows it.
 * @throws BadInputError when it is no http address, holds a password, or is another machine's and `allowRemote` is false.
 */
export function parseEndpoint(text: string, allowRemote: boolean, path: string): URL {
  const wrong = (reason: string, nextStep: string) =>
    new BadInputError({ code: "invalid_setting", subject: "embedder, url", reason, nextStep });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("it is no address", "Write it as http://127.0.0.1:8080/v1");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw wrong(`${url.protocol} is not spoken here`, "Use http or https");
  }
  if (url.username !== "" || url.password !== "") {
    throw wrong("it holds a user name or password", "Give the key with apiKeyEnv, which is never shown");
  }
  if (!allowRemote && !isLoopback(url.hostname)) {
    throw wrong(
      `${url.host} is another machine, and texts would leave this one`,
      "Set allowRemote to true if they may",
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
  url.hash = "";
  return url;
}

/** A failed try, and when the next one makes sense. */
class PassingFailure extends Error {
  readonly waitMs: number | undefined;

  constructor(reason: string, waitMs?: number, cause?: unknown) {
    super(reason, { cause });
    this.waitMs = waitMs;
  }
}

export function createEndpoint(settings: EndpointSettings): Endpoint {
  const { url, apiKey, timeoutMs, retries, wait = pause } = settings;
  const name = `${url.origin}${url.pathname}`;
  const failed = (reason: string, nextStep: string, cause?: unknown) =>
    new ModelError({ code: "model_failed", subject: `embedder at ${name}`, reason, nextStep, cause });

  const tryOnce = async (body: string, maxBytes: number, signal: AbortSignal | undefined) => {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        body,
        // A redirect could send the texts, or the key, to whoever the server names.
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        headers: {
          "content-type": "application/json",
          accept: "application/json",
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw refusal(response);
      }
      return await readJson(response, maxBytes);
    } catch (error) {
      throwIfAborted(signal, `embedder at ${name}`);
      if (error instanceof PassingFailure || AdvisorError.isInstance(error)) throw error;
      if (limit.aborted) throw new PassingFailure(`it did not answer within ${timeoutMs} ms`);
      throw new PassingFailure(`it cannot be reached (${reasonOf(error)})`, undefined, error);
    }
  };

  const refusal = (response: Response): Error => {
    const { status } = response;
    if (PASSING_STATUS.has(status)) {
      return new PassingFailure(`it answered ${status}`, retryAfter(response.headers.get("retry-after")));
    }
    // What the server says of it may repeat the texts that were sent, and is left out.
    const [reason, nextStep] = whatItMeans(status, apiKey !== undefined);
    return failed(reason, nextStep);
  };

  const readJson = async (response: Response, maxBytes: number): Promise<unknown> => {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > maxBytes) {
        throw failed(
          `its answer is longer than ${maxBytes} bytes`,
          "Check that this is a server of embeddings",
        );
      }
      pieces.push(piece);
    }
    try {
      return JSON.parse(Buffer.concat(pieces).toString("utf8"));
    } catch {
      throw failed(
        "its answer is not JSON",
        "Check that the url ends where /embeddings follows, such as /v1",
      );
    }
  };

  return {
    name,
    async post(body, maxBytes, signal) {
      const text = JSON.stringify(body);
      for (let tries = 0; ; tries++) {
        throwIfAborted(signal, `embedder at ${name}`);
        try {
          return await tryOnce(text, maxBytes, signal);
        } catch (error) {
          if (!(error instanceof PassingFailure)) throw error;
          const waitMs = error.waitMs ?? backoff(tries);
          if (tries >= retries || waitMs > MAX_WAIT_MS) {
            const asked = waitMs > MAX_WAIT_MS ? ` and asks to wait ${Math.round(waitMs / 1000)} s` : "";
            const count = tries === 0 ? "" : `, ${tries + 1} times`;
            throw failed(
              `${error.message}${count}${asked}`,
              "Check that the server runs and is not overloaded, then call again",
              error.cause,
            );
          }
          await wait(waitMs, signal);
        }
      }
    },
  };
}

/** Doubles from wait to wait, and varies by half so that many callers do not come back at once. */
function backoff(tries: number): number {
  return Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.5 + Math.random() / 2);
}

/** The header's wait in milliseconds: seconds, or a date (RFC 9110, section 10.2.3). Undefined when it is neither. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  // The loop looks at the signal itself.
  await sleep(ms, undefined, signal && { signal }).catch(() => {});
}

function whatItMeans(status: number, hasKey: boolean): readonly [reason: string, nextStep: string] {
  if (status >= 300 && status < 400) {
    return ["it sends to another address, which is not followed", "Name the final address as url"];
  }
  if (status === 401 || status === 403) {
    return hasKey
      ? [`it refuses the key (${status})`, "Check the key and its rights"]
      : [`it wants a key (${status})`, "Put the key into an environment variable and name that as apiKeyEnv"];
  }
  if (status === 404) {
    return [
      "it knows no such path or model (404)",
      "Check url, which ends where /embeddings follows, and model",
    ];
  }
  if (status === 413) return ["a request is too large for it (413)", "Set a smaller batchSize"];
  return [
    `it refuses the request (${status})`,
    "Check model, dimensions and maxTokens against the server's own",
  ];
}

/** The system's code for a failed connection, such as ECONNREFUSED, and no more: other words may hold addresses. */
function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
  }
  return "the connection failed";
}
