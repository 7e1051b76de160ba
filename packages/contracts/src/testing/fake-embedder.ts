import type { Embedder, EmbeddingKind } from "../embedder.ts";
import { CancelledError } from "../errors/cancelled-error.ts";
import { throwIfAborted } from "../throw-if-aborted.ts";

/** How a fake embedder is made. */
export interface FakeEmbedderOptions {
  /** Default `fake-embedder`. Another id makes another embedder in a store's eyes. */
  readonly id?: string;
  /** Default 64. */
  readonly dimensions?: number;
  /** Default 512, in words. */
  readonly maxTokens?: number;
}

/** An embedder without a model, for tests, which remembers what it was asked. */
export interface FakeEmbedder extends Embedder {
  readonly calls: { readonly texts: readonly string[]; readonly kind: EmbeddingKind }[];
  readonly disposed: boolean;
  /** Makes the next call of `embed` fail with this error. */
  failNext(error: Error): void;
}

/**
 * Makes vectors from words alone: each lower-case word stands for a fixed direction, a text for the sum of its words, so
 * texts that share words lie near each other. Tokens are words and single punctuation marks. The same text always gives
 * the same vector, on every machine.
 */
export function createFakeEmbedder(options: FakeEmbedderOptions = {}): FakeEmbedder {
  const dimensions = options.dimensions ?? 64;
  const maxTokens = options.maxTokens ?? 512;
  const calls: { texts: readonly string[]; kind: EmbeddingKind }[] = [];
  let disposed = false;
  let failure: Error | undefined;

  const vector = (text: string): Float32Array => {
    const sum = new Float32Array(dimensions);
    for (const token of tokens(text).slice(0, maxTokens)) {
      if (!/[\p{L}\p{N}]/u.test(token)) continue;
      let state = hash(token);
      for (let i = 0; i < dimensions; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        sum[i] = (sum[i] ?? 0) + (state & 0x80000000 ? 1 : -1);
      }
    }
    const norm = Math.hypot(...sum);
    return norm === 0 ? sum : sum.map((value) => value / norm);
  };

  const dispose = async () => {
    disposed = true;
  };
  return {
    id: options.id ?? "fake-embedder",
    dimensions,
    maxTokens,
    calls,
    get disposed() {
      return disposed;
    },
    failNext(error) {
      failure = error;
    },
    async embed(texts, kind, signal) {
      calls.push({ texts: [...texts], kind });
      const failing = failure;
      failure = undefined;
      if (failing) throw failing;
      if (disposed) {
        throw new CancelledError({
          code: "disposed",
          subject: "fake embedder",
          reason: "it was disposed",
          nextStep: "Make a new one",
        });
      }
      throwIfAborted(signal, "embedding");
      return texts.map(vector);
    },
    countTokens(texts) {
      return texts.map((text) => tokens(text).length);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function tokens(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
