import { createHash } from "node:crypto";
import { basename } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  BadInputError,
  CancelledError,
  type Embedder,
  type EmbeddingKind,
  ModelError,
  parseInput,
  throwIfAborted,
} from "@advisor/contracts";
import { checkSha256 } from "./gguf/check-sha256.ts";
import { inspectFile } from "./gguf/inspect.ts";
import { readGgufFile } from "./gguf/read-file.ts";
import { type GgufEmbedderSettings, ggufEmbedderSettingsSchema } from "./gguf-embedder-settings.ts";
import { loadWeights, ONE_THREAD_PARAMETERS } from "./llama/load-weights.ts";
import {
  type LlamaEmbeddingContext,
  type LlamaModel,
  type LlamaRuntime,
  loadRuntime,
  nativeError,
} from "./llama/runtime.ts";

/** Chunks are far shorter; a longer window costs memory that grows with its square. */
const DEFAULT_MAX_TOKENS = 1024;

/**
 * Loads a GGUF as an embedder on llama.cpp. The file is checked in TypeScript before native code sees it.
 *
 * A text is seen up to `maxTokens`; what lies beyond is left out. llama.cpp takes one text after another, so a text's
 * vector never depends on what is embedded beside it.
 * @throws ModelError when the file is missing, invalid, not the expected one, or of a kind that cannot embed.
 * @throws OutOfMemoryError when the model or its context does not fit.
 */
export async function createGgufEmbedder(settings: GgufEmbedderSettings): Promise<Embedder> {
  const parsed = parseInput(
    ggufEmbedderSettingsSchema,
    settings,
    "GGUF embedder settings",
    "invalid_setting",
  );
  const { path, signal, queryPrefix, passagePrefix } = parsed;
  throwIfAborted(signal, path);
  const starting = loadRuntime(parsed.gpu);
  starting.catch(() => {});

  const file = await readGgufFile(path, "model");
  const facts = await inspectFile(file, "embedding");
  if (parsed.sha256) await checkSha256(file, parsed.sha256, signal);
  const width = facts.base.embeddingLength;
  const pooling = parsed.pooling ?? facts.pooling ?? "mean";
  const maxTokens = atMost("maxTokens", parsed.maxTokens, facts.contextLength) ?? DEFAULT_MAX_TOKENS;
  const dimensions = atMost("dimensions", parsed.dimensions, width) ?? width;
  const name = parsed.name ?? facts.name ?? basename(path);
  // All that changes a vector, so that a store never mixes two.
  const identity = [facts.fingerprint, pooling, queryPrefix, passagePrefix, dimensions];
  const id = `${name}@${createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16)}`;

  const runtime = await starting;
  throwIfAborted(signal, path);
  const model = await loadWeights(runtime, file, {
    signal,
    pooling: { architecture: facts.architecture, kind: pooling },
  });
  try {
    const limit = Math.min(maxTokens, facts.contextLength);
    const threads =
      parsed.threads ?? (facts.parameters < ONE_THREAD_PARAMETERS ? 1 : runtime.llama.cpuMathCores);
    const context = await openContext(runtime, model, path, limit, threads);
    const prefixes = { query: queryPrefix, passage: passagePrefix };
    return build({ runtime, model, context, name, id, dimensions, limit, prefixes });
  } catch (cause) {
    await model.dispose();
    throw cause;
  }
}

/** A batch holds a whole text: poolings over all of its tokens, and encoders, need it in one. */
async function openContext(
  runtime: LlamaRuntime,
  model: LlamaModel,
  path: string,
  limit: number,
  threads: number,
): Promise<LlamaEmbeddingContext> {
  try {
    // One cell stays free, as node-llama-cpp wants it.
    return await model.createEmbeddingContext({
      contextSize: limit + 1,
      batchSize: limit + 1,
      threads,
    });
  } catch (cause) {
    throw nativeError(runtime, path, "making a context for embedding", cause);
  }
}

interface Parts {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly context: LlamaEmbeddingContext;
  readonly name: string;
  readonly id: string;
  readonly dimensions: number;
  /** Tokens of a text, its prefix and the special ones together. */
  readonly limit: number;
  readonly prefixes: Readonly<Record<EmbeddingKind, string>>;
}

function build(parts: Parts): Embedder {
  const { runtime, model, context, name, dimensions, limit, prefixes } = parts;
  const subject = `embedder ${name}`;
  const room = limit - context.calculateInputLength([]);
  const count = (text: string) => model.tokenize(text, false).length;
  let inFlight: Promise<unknown> = Promise.resolve();
  let disposing: Promise<void> | undefined;

  const throwIfStopped = (signal: AbortSignal | undefined) => {
    throwIfAborted(signal, subject);
    if (!disposing) return;
    throw new CancelledError({
      code: "disposed",
      subject,
      reason: "it was disposed",
      nextStep: "Load it again",
    });
  };

  const embedOne = async (text: string, prefix: string): Promise<Float32Array> => {
    if (text.trim() === "") return new Float32Array(dimensions);
    const tokens = model.tokenize(prefix + text, false).slice(0, room);
    try {
      const { vector } = await context.getEmbeddingFor(tokens);
      return toUnitLength(vector, dimensions);
    } catch (cause) {
      throw nativeError(runtime, subject, "embedding", cause);
    }
  };

  function dispose(): Promise<void> {
    disposing ??= inFlight.catch(() => {}).then(() => model.dispose());
    return disposing;
  }

  return {
    id: parts.id,
    dimensions,
    maxTokens: Math.max(1, room - Math.max(count(prefixes.query), count(prefixes.passage))),
    embed(texts, kind, signal) {
      const next = inFlight.then(async () => {
        const vectors: Float32Array[] = [];
        throwIfStopped(signal);
        for (const text of texts) {
          throwIfAborted(signal, subject);
          vectors.push(await embedOne(text, prefixes[kind]));
          await nextTurn();
        }
        return vectors;
      });
      inFlight = next.catch(() => {});
      return next;
    },
    countTokens: (texts) => texts.map(count),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The first `dimensions` numbers, scaled to Euclidean length 1. */
function toUnitLength(vector: readonly number[], dimensions: number): Float32Array {
  const kept = vector.slice(0, dimensions);
  const norm = Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0));
  if (kept.length !== dimensions || !Number.isFinite(norm)) {
    throw new ModelError({
      code: "model_failed",
      subject: "embedding",
      reason: "the model gave a vector of another length, or with a value that is no number",
      nextStep: "Try another GGUF of this model",
    });
  }
  return Float32Array.from(kept, (value) => (norm === 0 ? 0 : value / norm));
}

function atMost(field: string, asked: number | undefined, limit: number): number | undefined {
  if (asked === undefined || asked <= limit) return asked;
  throw new BadInputError({
    code: "invalid_setting",
    subject: `GGUF embedder settings, ${field}`,
    reason: `it is ${asked}, and the model's own is ${limit}`,
    nextStep: "Correct it and call again",
  });
}
