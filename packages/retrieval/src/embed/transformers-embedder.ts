import { createHash } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  BadInputError,
  CancelledError,
  type Embedder,
  type EmbeddingKind,
  ModelError,
  parseInput,
} from "@advisor/contracts";
import { z } from "zod";
import { DTYPES, type Dtype, type EmbedderFolder, readEmbedderFolder } from "./embedder-folder.ts";
import { type Pooling, poolRows } from "./pooling.ts";
import { type EncodeText, encodeByWord, splitsAtWhiteSpace, type TextTokenizer } from "./token-ids.ts";
import { loadTransformers, type Transformers } from "./transformers.ts";

/**
 * Most padded tokens in one run of the model, which bounds its memory (so many x width x 4 bytes for each activation). More
 * than this no longer lies in a core's cache between two layers. Measured, see docs/embedders.md.
 */
const MAX_BATCH_TOKENS = 1024;
/** The same of a model without layers, which reads each vector once. */
const MAX_BATCH_TOKENS_WITHOUT_LAYERS = 8192;
const MAX_BATCH_TEXTS = 64;

const settingsSchema = z.strictObject({
  folder: z.string().min(1),
  name: z.string().min(1).max(256).optional(),
  maxTokens: z.number().int().min(8).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be a lower-case hexadecimal SHA-256")
    .optional(),
  dtype: z.enum(DTYPES).default("fp32"),
  pooling: z.enum(["mean", "cls", "last", "none"]).optional(),
  queryPrefix: z.string().max(2000).optional(),
  passagePrefix: z.string().max(2000).optional(),
  dimensions: z.number().int().min(1).optional(),
  threads: z.number().int().min(1).max(1024).optional(),
});

/** Where an embedder's files are, and what is known of it. */
export interface TransformersEmbedderSettings {
  /**
   * Folder of the model: `config.json`, `tokenizer.json`, `tokenizer_config.json`, `onnx/model.onnx`. Where the files of
   * sentence-transformers lie beside them (`1_Pooling/config.json`, `config_sentence_transformers.json`), they name the
   * pooling and the prefixes.
   */
  readonly folder: string;
  /** Default: the folder's name. */
  readonly name?: string;
  /** Longest input in tokens, special ones included. Default: the tokenizer's own limit. */
  readonly maxTokens?: number;
  /** What the ONNX file must be. Default: any file is taken. */
  readonly sha256?: string;
  /** Precision of the weights, which is another file each. Default `fp32`, `onnx/model.onnx`. */
  readonly dtype?: Dtype;
  /** How token vectors become one; `none` takes the model's own `sentence_embedding`. Default: the folder's, else `mean`. */
  readonly pooling?: Pooling | "none";
  /** Put before a question, such as `query: `. Default: the folder's, else none. */
  readonly queryPrefix?: string;
  /** Put before a passage, such as `passage: `. Default: the folder's, else none. */
  readonly passagePrefix?: string;
  /** Keeps only the first so many numbers of a vector, for models made for it (Matryoshka). Default: all. */
  readonly dimensions?: number;
  /**
   * Processor threads of the model. Default: one for each core; for a model without layers one, which is as fast and leaves
   * the other cores alone. Measured, see docs/embedders.md.
   */
  readonly threads?: number;
}

/**
 * Loads a sentence embedder with transformers.js from local files alone.
 * @throws ModelError `model_missing`, `model_invalid`, `model_untrusted` or `model_unsupported`, naming the file.
 */
export async function createTransformersEmbedder(settings: TransformersEmbedderSettings): Promise<Embedder> {
  const parsed = parseInput(settingsSchema, settings, "embedder settings", "invalid_setting");
  // A relative path of two parts would read as the name of a model on a hub.
  const folder = isAbsolute(parsed.folder) ? parsed.folder : resolve(parsed.folder);
  const name = parsed.name ?? folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "embedder";
  const library = loadTransformers();
  library.catch(() => {});
  const files = await readEmbedderFolder(folder, parsed.dtype);
  if (parsed.sha256 && parsed.sha256 !== files.weightsSha256) {
    throw new ModelError({
      code: "model_untrusted",
      subject: files.weights,
      reason: `its SHA-256 is ${files.weightsSha256}, and ${parsed.sha256} was asked for`,
      nextStep: "Put the right file there, or correct the hash",
    });
  }
  const pooling = parsed.pooling ?? files.pooling ?? "mean";
  if (files.hasDenseLayer && pooling !== "none") throw denseLayer(folder);
  const prefixes = {
    query: parsed.queryPrefix ?? files.queryPrefix ?? "",
    passage: parsed.passagePrefix ?? files.passagePrefix ?? "",
  };
  // All that changes a vector, so that a store never mixes two.
  const identity = [files.contentHash, pooling, prefixes.query, prefixes.passage, parsed.dimensions ?? 0];
  const id = `${name}@${createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16)}`;
  const broken = (error: unknown): never => {
    throw new ModelError({
      code: "model_invalid",
      subject: folder,
      reason: `the embedder cannot be loaded (${firstLine(error)})`,
      nextStep: "Put a sentence embedder exported for transformers.js there",
      cause: error,
    });
  };
  const transformers = await library;
  const options = { local_files_only: true } as const;
  const threads = parsed.threads ?? (files.hasLayers ? undefined : 1);
  const session = threads === undefined ? {} : { intraOpNumThreads: threads };
  const [tokenizer, model] = await Promise.all([
    transformers.AutoTokenizer.from_pretrained(folder, options),
    transformers.AutoModel.from_pretrained(folder, {
      ...options,
      dtype: parsed.dtype,
      session_options: session,
    }),
  ]).catch(broken);
  const parts = { transformers, tokenizer, model, files, name, id, pooling, prefixes };
  const { maxTokens, dimensions } = parsed;
  return build({ ...parts, maxTokens, dimensions }).catch(async (error: unknown) => {
    await model.dispose();
    return BadInputError.isInstance(error) ? Promise.reject(error) : broken(error);
  });
}

interface Parts {
  readonly transformers: Transformers;
  readonly tokenizer: InstanceType<Transformers["PreTrainedTokenizer"]>;
  readonly model: InstanceType<Transformers["PreTrainedModel"]>;
  readonly files: EmbedderFolder;
  readonly name: string;
  readonly id: string;
  readonly pooling: Pooling | "none";
  readonly prefixes: Readonly<Record<EmbeddingKind, string>>;
  readonly maxTokens: number | undefined;
  readonly dimensions: number | undefined;
}

async function build(parts: Parts): Promise<Embedder> {
  const { transformers, tokenizer, model, files, name, pooling, prefixes } = parts;
  const encodeWhole: EncodeText = (text) => tokenizer.encode(text, { add_special_tokens: false });
  const { encode, count }: TextTokenizer = splitsAtWhiteSpace(files.tokenizer)
    ? encodeByWord(encodeWhole, files.tokenizer)
    : { encode: encodeWhole, count: (text) => encodeWhole(text).length };
  const { before, after } = specialTokens(tokenizer.encode("a"), encodeWhole("a"));
  const own = Math.min(
    tokenizer.model_max_length ?? Number.POSITIVE_INFINITY,
    files.maxPositions ?? Number.POSITIVE_INFINITY,
  );
  const limit = Math.min(parts.maxTokens ?? Number.POSITIVE_INFINITY, Number.isFinite(own) ? own : 512, 8192);
  /** Tokens of a text and its prefix. */
  const room = limit - before.length - after.length;
  const maxTokens = room - Math.max(encode(prefixes.query).length, encode(prefixes.passage).length);
  if (!(maxTokens > 0)) throw new Error("its limit leaves no token for a text");
  const unknown = tokenizer.unk_token_id;
  const mostTokens = files.hasLayers ? MAX_BATCH_TOKENS : MAX_BATCH_TOKENS_WITHOUT_LAYERS;
  let inFlight: Promise<unknown> = Promise.resolve();
  let disposed = false;

  const run = async (batch: readonly (readonly number[])[]): Promise<Float32Array[]> => {
    const rows = batch.map((ids) => [...before, ...ids.slice(0, room), ...after]);
    const width = Math.max(...rows.map((row) => row.length));
    const dims = [rows.length, width];
    const ids = new BigInt64Array(rows.length * width).fill(BigInt(tokenizer.pad_token_id ?? 0));
    const mask = new BigInt64Array(rows.length * width);
    for (const [r, row] of rows.entries()) {
      for (const [c, id] of row.entries()) {
        ids[r * width + c] = BigInt(id);
        mask[r * width + c] = 1n;
      }
    }
    const tensor = (data: BigInt64Array) => new transformers.Tensor("int64", data, dims);
    const output = (await model({
      input_ids: tensor(ids),
      attention_mask: tensor(mask),
      token_type_ids: tensor(new BigInt64Array(ids.length)),
    })) as Record<string, InstanceType<Transformers["Tensor"]>>;
    const own = output.sentence_embedding ?? Object.values(output).find(({ dims }) => dims.length === 2);
    const hidden = output.last_hidden_state ?? output.token_embeddings ?? Object.values(output)[0];
    const found = pooling === "none" ? own : hidden;
    if (!found) throw new Error(`the model has no output for the pooling ${pooling}`);
    const { data, dims: shape } = found.type === "float32" ? found : found.to("float32");
    const lengths = rows.map((row) => row.length);
    const kind = pooling === "none" ? "mean" : pooling;
    return poolRows(data as Float32Array, shape, lengths, kind, parts.dimensions);
  };

  const embedAll = async (
    texts: readonly string[],
    prefix: string,
    signal?: AbortSignal,
  ): Promise<Float32Array[]> => {
    const encoded: (readonly number[])[] = [];
    for (const [index, text] of texts.entries()) {
      encoded.push(text.trim() === "" ? [] : encode(prefix + text).slice(0, room));
      // Thousands of texts take a while, and others in this process have work too.
      if (index % MAX_BATCH_TEXTS === MAX_BATCH_TEXTS - 1) await nextTurn();
    }
    const vectors: (Float32Array | undefined)[] = new Array(texts.length).fill(undefined);
    for (const batch of batches(encoded, unknown, mostTokens)) {
      throwIfStopped(signal, disposed, name);
      const results = await run(batch.map((index) => encoded[index] ?? []));
      for (const [i, index] of batch.entries()) vectors[index] = results[i];
      await nextTurn();
    }
    return vectors.map((vector) => vector ?? new Float32Array(dimensions));
  };

  const probe = encode("a");
  const dimensions = (await run([probe]))[0]?.length ?? 0;
  if (dimensions === 0) throw new Error("its vectors are empty");
  if (dimensions < (parts.dimensions ?? 0)) {
    throw new BadInputError({
      code: "invalid_setting",
      subject: "embedder settings, dimensions",
      reason: `it is ${parts.dimensions}, and the model's vectors have ${dimensions}`,
      nextStep: "Correct it and call again",
    });
  }

  const dispose = async () => {
    if (disposed) return;
    disposed = true;
    await inFlight.catch(() => {});
    await model.dispose();
  };
  return {
    id: parts.id,
    dimensions,
    maxTokens,
    embed(texts, kind, signal) {
      // One call after another: the model has all cores already, and memory stays that of one batch. A question waits for
      // one batch at most, not for thousands of passages.
      const turn = kind === "query" ? Promise.resolve() : inFlight;
      const next = turn.then(async () => {
        throwIfStopped(signal, disposed, name);
        try {
          return await embedAll(texts, prefixes[kind], signal);
        } catch (error) {
          if (CancelledError.isInstance(error)) throw error;
          throw new ModelError({
            code: "model_failed",
            subject: `embedder ${name}`,
            reason: firstLine(error),
            nextStep: "Call again with less text; if it fails again, put the model's files there anew",
            cause: error,
          });
        }
      });
      inFlight = Promise.allSettled([inFlight, next]);
      return next;
    },
    countTokens: (texts) => texts.map(count),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** What the tokenizer puts before and after a text, seen on a text whose own tokens are known. */
function specialTokens(whole: readonly number[], inner: readonly number[]) {
  const at = whole.findIndex((_, start) => inner.every((id, i) => whole[start + i] === id));
  if (inner.length === 0 || at < 0) throw new Error("its tokenizer does not know the letter a");
  return { before: whole.slice(0, at), after: whole.slice(at + inner.length) };
}

/** Indexes of texts in batches of like length, so that little is padding. Texts without a known word are in none. */
function batches(
  encoded: readonly (readonly number[])[],
  unknown: number | undefined,
  mostTokens: number,
): number[][] {
  const order = encoded
    .map((ids, index) => ({ index, length: ids.length, known: ids.some((id) => id !== unknown) }))
    .filter(({ known }) => known)
    .sort((a, b) => a.length - b.length);
  const found: number[][] = [];
  let batch: number[] = [];
  for (const { index, length } of order) {
    if (
      batch.length === MAX_BATCH_TEXTS ||
      (batch.length > 0 && (batch.length + 1) * (length + 2) > mostTokens)
    ) {
      found.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  if (batch.length > 0) found.push(batch);
  return found;
}

/** The vectors of the tokens alone are not what such a model was trained to give. */
function denseLayer(folder: string): ModelError {
  return new ModelError({
    code: "model_unsupported",
    subject: folder,
    reason: "it has a dense layer behind its pooling, which the tokens' vectors leave out",
    nextStep: "Set pooling to none if its ONNX file gives sentence_embedding, or take another export",
  });
}

function throwIfStopped(signal: AbortSignal | undefined, disposed: boolean, name: string): void {
  if (!disposed && !signal?.aborted) return;
  throw new CancelledError({
    code: disposed ? "disposed" : "cancelled",
    subject: `embedder ${name}`,
    reason: disposed ? "it was disposed" : "the signal was aborted",
    nextStep: disposed ? "Load it again" : "Call again when you need it",
    cause: signal?.reason,
  });
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? "").slice(0, 300).replace(/[.\s]+$/, "");
}
