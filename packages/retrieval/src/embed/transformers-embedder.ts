import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CancelledError, type Embedder, ModelError, parseInput } from "@advisor/contracts";
import type * as Transformers from "@xenova/transformers";
import { z } from "zod";
import { poolRows } from "./pooling.ts";
import { type EncodeText, encodeByWord, splitsAtWhiteSpace } from "./token-ids.ts";

/** Most padded tokens in one run of the model: bounds its memory (some 8,192 x width x 4 bytes for each activation). */
const MAX_BATCH_TOKENS = 8192;
const MAX_BATCH_TEXTS = 64;

const settingsSchema = z.strictObject({
  folder: z.string().min(1),
  name: z.string().min(1).max(256).optional(),
  maxTokens: z.number().int().min(8).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be a lower-case hexadecimal SHA-256")
    .optional(),
  pooling: z.enum(["mean", "cls"]).default("mean"),
});

/** Where an embedder's files are, and what is known of it. */
export interface TransformersEmbedderSettings {
  /** Folder of the model: `config.json`, `tokenizer.json`, `tokenizer_config.json`, `onnx/model.onnx`. */
  readonly folder: string;
  /** Default: the folder's name. */
  readonly name?: string;
  /** Longest input in tokens, special ones included. Default: the tokenizer's own limit. */
  readonly maxTokens?: number;
  /** What the ONNX file must be. Default: any file is taken. */
  readonly sha256?: string;
  /** How token vectors become one. Default `mean`, as sentence-transformers does. */
  readonly pooling?: "mean" | "cls";
}

/**
 * Loads a sentence embedder with transformers.js, in single precision, from local files alone.
 * @throws ModelError `model_missing`, `model_invalid` or `model_untrusted`, naming the file.
 */
export async function createTransformersEmbedder(settings: TransformersEmbedderSettings): Promise<Embedder> {
  const parsed = parseInput(settingsSchema, settings, "embedder settings", "invalid_setting");
  // A relative path of two parts would read as the name of a model on a hub.
  const folder = isAbsolute(parsed.folder) ? parsed.folder : resolve(parsed.folder);
  const name = parsed.name ?? folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "embedder";
  const library = import("@xenova/transformers");
  library.catch(() => {});
  // In order, so that of several missing files always the same one is named.
  const onnx = await readModelFile(folder, join("onnx", "model.onnx"));
  const tokenizerFile = await readModelFile(folder, "tokenizer.json");
  for (const file of ["config.json", "tokenizer_config.json"]) await readModelFile(folder, file);
  const onnxHash = createHash("sha256").update(onnx).digest("hex");
  if (parsed.sha256 && parsed.sha256 !== onnxHash) {
    throw new ModelError({
      code: "model_untrusted",
      subject: join(folder, "onnx", "model.onnx"),
      reason: `its SHA-256 is ${onnxHash}, and ${parsed.sha256} was asked for`,
      nextStep: "Put the right file there, or correct the hash",
    });
  }
  const contentHash = createHash("sha256").update(onnxHash).update(tokenizerFile).digest("hex").slice(0, 16);
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
  transformers.env.allowRemoteModels = false;
  const options = { local_files_only: true } as const;
  const [tokenizer, model] = await Promise.all([
    transformers.AutoTokenizer.from_pretrained(folder, options),
    transformers.AutoModel.from_pretrained(folder, { ...options, dtype: "fp32" }),
  ]).catch(broken);
  const parts = { transformers, tokenizer, model, tokenizerFile, name, pooling: parsed.pooling };
  return build({ ...parts, id: `${name}@${contentHash}`, maxTokens: parsed.maxTokens }).catch(
    async (error: unknown) => {
      await model.dispose();
      return broken(error);
    },
  );
}

interface Parts {
  readonly transformers: typeof Transformers;
  readonly tokenizer: Transformers.PreTrainedTokenizer;
  readonly model: Transformers.PreTrainedModel;
  readonly tokenizerFile: Buffer;
  readonly name: string;
  readonly id: string;
  readonly pooling: "mean" | "cls";
  readonly maxTokens: number | undefined;
}

async function build(parts: Parts): Promise<Embedder> {
  const { transformers, tokenizer, model, name, pooling } = parts;
  const encodeWhole: EncodeText = (text) => tokenizer.encode(text, { add_special_tokens: false });
  const encode = splitsAtWhiteSpace(JSON.parse(parts.tokenizerFile.toString("utf8")))
    ? encodeByWord(encodeWhole)
    : encodeWhole;
  const { before, after } = specialTokens(tokenizer.encode("a"), encodeWhole("a"));
  const own = tokenizer.model_max_length;
  const limit = Math.min(parts.maxTokens ?? Number.POSITIVE_INFINITY, Number.isFinite(own) ? own : 512, 8192);
  const maxTokens = limit - before.length - after.length;
  const unknown = tokenizer.unk_token_id;
  let inFlight: Promise<unknown> = Promise.resolve();
  let disposed = false;

  const run = async (batch: readonly (readonly number[])[]): Promise<Float32Array[]> => {
    const rows = batch.map((ids) => [...before, ...ids.slice(0, maxTokens), ...after]);
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
    })) as Record<string, Transformers.Tensor>;
    const hidden = output.last_hidden_state ?? output.token_embeddings ?? Object.values(output)[0];
    if (!hidden) throw new Error("the model gave no output");
    return poolRows(
      hidden.data as Float32Array,
      hidden.dims,
      rows.map((row) => row.length),
      pooling,
    );
  };

  const embedAll = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> => {
    const encoded: (readonly number[])[] = [];
    for (const [index, text] of texts.entries()) {
      encoded.push(encode(text).slice(0, maxTokens));
      // Thousands of texts take a while, and others in this process have work too.
      if (index % MAX_BATCH_TEXTS === MAX_BATCH_TEXTS - 1) await nextTurn();
    }
    const vectors: (Float32Array | undefined)[] = new Array(texts.length).fill(undefined);
    for (const batch of batches(encoded, unknown)) {
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
    embed(texts, _kind, signal) {
      // One call after another: the model has both cores already, and memory stays that of one batch.
      const next = inFlight.then(async () => {
        throwIfStopped(signal, disposed, name);
        try {
          return await embedAll(texts, signal);
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
      inFlight = next.catch(() => {});
      return next;
    },
    countTokens: (texts) => texts.map((text) => encode(text).length),
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
function batches(encoded: readonly (readonly number[])[], unknown: number | undefined): number[][] {
  const order = encoded
    .map((ids, index) => ({ index, length: ids.length, known: ids.some((id) => id !== unknown) }))
    .filter(({ known }) => known)
    .sort((a, b) => a.length - b.length);
  const found: number[][] = [];
  let batch: number[] = [];
  for (const { index, length } of order) {
    if (
      batch.length === MAX_BATCH_TEXTS ||
      (batch.length > 0 && (batch.length + 1) * (length + 2) > MAX_BATCH_TOKENS)
    ) {
      found.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  if (batch.length > 0) found.push(batch);
  return found;
}

async function readModelFile(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file));
  } catch (error) {
    throw new ModelError({
      code: "model_missing",
      subject: join(folder, file),
      reason: `the file of the embedder cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`,
      nextStep: "Name the folder of a transformers.js model",
      cause: error,
    });
  }
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
