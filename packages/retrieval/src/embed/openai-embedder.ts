import { createHash } from "node:crypto";
import {
  BadInputError,
  CancelledError,
  type Embedder,
  ModelError,
  parseInput,
  throwIfAborted,
} from "@advisor/contracts";
import { z } from "zod";
import { wellFormed } from "../extract/well-formed.ts";
import { createEndpoint, type Endpoint, parseEndpoint } from "./endpoint.ts";
import { cutToTokens, estimateTokens } from "./estimate-tokens.ts";

const DEFAULT_MAX_TOKENS = 512;
const DEFAULT_BATCH_SIZE = 64;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_RETRIES = 4;
/** Widest vector that is taken: twice what any model of today gives. */
const MAX_DIMENSIONS = 16_384;
/** Room for a number of a vector in JSON, and for what stands around the vectors. */
const BYTES_PER_NUMBER = 32;
const BYTES_AROUND = 64 * 1024;
/** Vectors shorter than this hold no direction. */
const MIN_NORM = 1e-9;

const prefix = z.string().max(2000).default("");
const settingsSchema = z.strictObject({
  url: z.string().min(1),
  model: z.string().min(1).max(256),
  name: z.string().min(1).max(256).optional(),
  revision: z.string().max(256).optional(),
  dimensions: z.number().int().min(1).max(MAX_DIMENSIONS).optional(),
  // The pattern's own message would be as good, but no message may ever be near the value.
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be printable characters without spaces")
    .optional(),
  apiKeyEnv: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
    .optional(),
  allowRemote: z.boolean().default(false),
  queryPrefix: prefix,
  passagePrefix: prefix,
  maxTokens: z.number().int().min(8).default(DEFAULT_MAX_TOKENS),
  batchSize: z.number().int().min(1).max(2048).default(DEFAULT_BATCH_SIZE),
  timeoutMs: z.number().int().min(1).default(DEFAULT_TIMEOUT_MS),
  retries: z.number().int().min(0).max(20).default(DEFAULT_RETRIES),
});

/** Where the server is, and what is known of its model. Only `url` and `model` are needed. */
export interface OpenAiEmbedderSettings {
  /** The address before `/embeddings`, such as `http://127.0.0.1:8080/v1`. */
  readonly url: string;
  /** The model's name at the server. */
  readonly model: string;
  /** Default: `model`. */
  readonly name?: string;
  /** Part of the embedder's id. Change it when the server has another model under the same name: nothing else tells. */
  readonly revision?: string;
  /** Asks the server for vectors of this length, and refuses others. Default: as it gives them, found with one request. */
  readonly dimensions?: number;
  /** The key itself. Better name `apiKeyEnv`: then it stands in no settings. */
  readonly apiKey?: string;
  /** Name of the environment variable that holds the key. */
  readonly apiKeyEnv?: string;
  /** Lets texts leave this machine. Default false: any address but a loopback one is refused. */
  readonly allowRemote?: boolean;
  /** Put before a question, such as `query: `. Default none. */
  readonly queryPrefix?: string;
  /** Put before a passage, such as `passage: `. Default none. */
  readonly passagePrefix?: string;
  /** Longest text in tokens, estimated. A longer one is cut before it is sent. Default 512. */
  readonly maxTokens?: number;
  /** Most texts in a request. Default 64. */
  readonly batchSize?: number;
  /** Limit on one try, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** How often a request is sent again after 408, 429, 5xx or a lost connection. Default 4. */
  readonly retries?: number;
}

/** What tests put in the place of the machine. */
export interface OpenAiEmbedderEnvironment {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * An embedder behind any server that speaks OpenAI's `POST /embeddings`: llama.cpp, vLLM, Ollama, TEI, LM Studio, or a
 * provider. Texts stay on this machine unless `allowRemote` is set; redirects are never followed; a text the server
 * repeats in an error is never shown.
 *
 * It cannot count the server's tokens, so it estimates them from above for English and sizes chunks by that.
 * @throws BadInputError naming the setting. ModelError `model_failed` when the server does not answer as it should.
 */
export async function createOpenAiEmbedder(
  settings: OpenAiEmbedderSettings,
  environment: OpenAiEmbedderEnvironment = {},
): Promise<Embedder> {
  const parsed = parseInput(settingsSchema, settings, "OpenAI embedder settings", "invalid_setting");
  const { model, queryPrefix, passagePrefix, maxTokens, batchSize, timeoutMs, retries } = parsed;
  const url = parseEndpoint(parsed.url, parsed.allowRemote, "embeddings");
  const apiKey = parsed.apiKey ?? keyFrom(parsed.apiKeyEnv, environment.env ?? process.env);
  const { wait } = environment;
  const endpoint = createEndpoint({ url, apiKey, timeoutMs, retries, ...(wait && { wait }) });
  const name = parsed.name ?? model;
  const subject = `embedder ${name}`;

  const request = async (
    texts: readonly string[],
    expected: number | undefined,
    signal?: AbortSignal,
  ): Promise<Float32Array[]> => {
    const body = {
      model,
      input: texts,
      encoding_format: "float",
      ...(parsed.dimensions !== undefined && { dimensions: parsed.dimensions }),
    };
    const maxBytes = BYTES_AROUND + texts.length * (expected ?? MAX_DIMENSIONS) * BYTES_PER_NUMBER;
    return readVectors(await endpoint.post(body, maxBytes, signal), texts.length, expected, endpoint);
  };

  const dimensions = parsed.dimensions ?? (await request(["a"], undefined))[0]?.length ?? 0;
  const identity = [model, parsed.revision ?? "", dimensions, queryPrefix, passagePrefix];
  const id = `${name}@${createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16)}`;
  const prefixes = { query: queryPrefix, passage: passagePrefix };
  const room = Math.max(1, maxTokens - Math.max(estimateTokens(queryPrefix), estimateTokens(passagePrefix)));
  const stop = new AbortController();
  const inFlight = new Set<Promise<unknown>>();

  const throwIfDisposed = () => {
    if (!stop.signal.aborted) return;
    throw new CancelledError({
      code: "disposed",
      subject,
      reason: "it was disposed",
      nextStep: "Make it again",
    });
  };
  const embedAll = async (texts: readonly string[], before: string, signal?: AbortSignal) => {
    const vectors: Float32Array[] = texts.map(() => new Float32Array(dimensions));
    // Servers refuse an empty text. It has no direction anyhow.
    const wanted = texts.flatMap((text, index) => (/\S/u.test(text) ? [{ text, index }] : []));
    for (let from = 0; from < wanted.length; from += batchSize) {
      throwIfDisposed();
      throwIfAborted(signal, subject);
      const batch = wanted.slice(from, from + batchSize);
      const sent = batch.map(({ text }) => before + wellFormed(cutToTokens(text, room)));
      for (const [i, vector] of (await request(sent, dimensions, signal)).entries()) {
        vectors[batch[i]?.index ?? 0] = vector;
      }
    }
    return vectors;
  };

  const dispose = async () => {
    stop.abort();
    await Promise.allSettled(inFlight);
  };
  return {
    id,
    dimensions,
    maxTokens: room,
    async embed(texts, kind, signal) {
      throwIfDisposed();
      throwIfAborted(signal, subject);
      const work = embedAll(texts, prefixes[kind], signal);
      inFlight.add(work);
      try {
        return await work;
      } finally {
        inFlight.delete(work);
      }
    },
    countTokens: (texts) => texts.map(estimateTokens),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function keyFrom(
  variable: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (variable === undefined) return undefined;
  const key = env[variable]?.trim();
  if (key && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new BadInputError({
    code: "invalid_setting",
    subject: "OpenAI embedder settings, apiKeyEnv",
    reason: `the environment variable ${variable} ${key ? "holds something that is no key" : "is not set"}`,
    nextStep: "Set it to the server's key, or leave apiKeyEnv out",
  });
}

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().optional(), embedding: z.array(z.unknown()) })),
});

/** The vectors of an answer, each at its text's place and of unit length. */
function readVectors(
  answer: unknown,
  count: number,
  dimensions: number | undefined,
  endpoint: Endpoint,
): Float32Array[] {
  const wrong = (reason: string, nextStep = "Check that the server embeds with this model") =>
    new ModelError({ code: "model_failed", subject: `embedder at ${endpoint.name}`, reason, nextStep });
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw wrong("its answer holds no list of embeddings");
  const { data } = parsed.data;
  if (data.length !== count) throw wrong(`it gave ${data.length} vectors for ${count} texts`);
  const vectors: (Float32Array | undefined)[] = new Array(count).fill(undefined);
  for (const [position, { index = position, embedding }] of data.entries()) {
    if (index < 0 || index >= count || vectors[index])
      throw wrong("its vectors are not numbered one for each text");
    const width = dimensions ?? data[0]?.embedding.length ?? 0;
    if (embedding.length !== width || width === 0 || width > MAX_DIMENSIONS) {
      throw wrong(
        `it gave a vector of ${embedding.length} numbers where ${width || "at least 1"} were expected`,
        "Set dimensions to what the model gives, and a new revision if it is another model",
      );
    }
    vectors[index] = toUnitLength(embedding) ?? undefined;
    if (!vectors[index]) throw wrong("it gave a vector of zeros, or with a value that is no finite number");
  }
  return vectors.map((vector) => vector as Float32Array);
}

function toUnitLength(values: readonly unknown[]): Float32Array | undefined {
  let square = 0;
  for (const value of values) {
    if (typeof value !== "number") return undefined;
    square += value * value;
  }
  const norm = Math.sqrt(square);
  if (!Number.isFinite(norm) || norm < MIN_NORM) return undefined;
  return Float32Array.from(values as readonly number[], (value) => value / norm);
}
