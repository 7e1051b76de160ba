import { isAbsolute, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CancelledError, ModelError, parseInput, type Reranker, throwIfAborted } from "@advisor/contracts";
import { z } from "zod";
import { DTYPES, type Dtype, readEmbedderFolder } from "../embed/embedder-folder.ts";
import { loadTransformers } from "../embed/transformers.ts";
import { type PairTemplate, pairIds, pairTemplate } from "./pair-ids.ts";

/** Pairs in one run of the model: bounds its memory, and how long an abort waits. */
const BATCH = 8;
/** Longest pair where the model names no limit, in tokens. */
const DEFAULT_MAX_TOKENS = 512;

const settingsSchema = z.strictObject({
  folder: z.string().min(1),
  name: z.string().min(1).max(256).optional(),
  dtype: z.enum(DTYPES).default("fp32"),
  maxTokens: z.number().int().min(16).max(8192).optional(),
});

/** Where a cross-encoder's files are. */
export interface TransformersRerankerSettings {
  /** Folder of a transformers.js model for `text-classification` with one or two labels, such as `ms-marco-MiniLM-L-6-v2`. */
  readonly folder: string;
  /** Default: the folder's name. */
  readonly name?: string;
  /** Precision of the weights, which names the ONNX file. Default `fp32`. */
  readonly dtype?: Dtype;
  /** Longest question and passage together, in tokens; of a longer pair the passage is cut. Default: the model's own limit. */
  readonly maxTokens?: number;
}

/**
 * Loads a cross-encoder with transformers.js from local files alone. A model of two labels scores by how far the second,
 * "relevant", is ahead.
 * @throws ModelError `model_missing` or `model_invalid`, naming the file.
 */
export async function createTransformersReranker(settings: TransformersRerankerSettings): Promise<Reranker> {
  const parsed = parseInput(settingsSchema, settings, "reranker settings", "invalid_setting");
  // A relative path of two parts would read as the name of a model on a hub.
  const folder = isAbsolute(parsed.folder) ? parsed.folder : resolve(parsed.folder);
  const name = parsed.name ?? folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "reranker";
  const files = await readEmbedderFolder(folder, parsed.dtype);
  const transformers = await loadTransformers();
  const options = { local_files_only: true } as const;
  const invalid = (error: unknown) =>
    new ModelError({
      code: "model_invalid",
      subject: folder,
      reason: `the reranker cannot be loaded (${firstLine(error)})`,
      nextStep: "Put a cross-encoder exported for transformers.js there",
      cause: error,
    });
  const [tokenizer, model] = await Promise.all([
    transformers.AutoTokenizer.from_pretrained(folder, options),
    transformers.AutoModelForSequenceClassification.from_pretrained(folder, {
      ...options,
      dtype: parsed.dtype,
    }),
  ]).catch((error: unknown) => {
    throw invalid(error);
  });
  const encode = (text: string): readonly number[] => tokenizer.encode(text, { add_special_tokens: false });
  const own = Math.min(
    Number.isFinite(tokenizer.model_max_length) ? tokenizer.model_max_length : DEFAULT_MAX_TOKENS,
    files.maxPositions ?? Number.POSITIVE_INFINITY,
  );
  const maxTokens = Math.min(parsed.maxTokens ?? own, own);

  const run = async (template: PairTemplate, question: readonly number[], texts: readonly string[]) => {
    const rows = texts.map((text) => pairIds(template, question, encode(text), maxTokens));
    const width = Math.max(...rows.map(({ ids }) => ids.length));
    const filled = (of: (row: (typeof rows)[number], column: number) => number) =>
      new transformers.Tensor(
        "int64",
        BigInt64Array.from(
          rows.flatMap((row) => Array.from({ length: width }, (_, column) => BigInt(of(row, column)))),
        ),
        [rows.length, width],
      );
    const { logits } = (await model({
      input_ids: filled(({ ids }, column) => ids[column] ?? tokenizer.pad_token_id ?? 0),
      attention_mask: filled(({ ids }, column) => Number(column < ids.length)),
      token_type_ids: filled(({ types }, column) => types[column] ?? 0),
    })) as { logits?: { readonly data: ArrayLike<number>; readonly dims: readonly number[] } };
    const labels = logits?.dims[1];
    if (!logits || logits.dims[0] !== rows.length || (labels !== 1 && labels !== 2)) {
      throw new Error(
        `its output is of the shape [${logits?.dims.join(", ")}], where one or two labels were expected`,
      );
    }
    return rows.map((_, row) => {
      const last = Number(logits.data[row * labels + labels - 1]);
      return labels === 1 ? last : last - Number(logits.data[row * labels]);
    });
  };

  let disposed = false;
  const stopIfUnwanted = (signal: AbortSignal | undefined) => {
    throwIfAborted(signal, `reranker ${name}`);
    if (!disposed) return;
    throw new CancelledError({
      code: "disposed",
      subject: `reranker ${name}`,
      reason: "it was disposed",
      nextStep: "Load it again",
    });
  };
  const dispose = async () => {
    if (disposed) return;
    disposed = true;
    await inFlight.catch(() => {});
    await model.dispose();
  };

  let template: PairTemplate;
  try {
    template = pairTemplate(
      (first, second) => ({
        ids: tokenizer.encode(first, { text_pair: second }),
        types: tokenizer(first, { text_pair: second, return_tensor: false }).token_type_ids as
          | readonly number[]
          | undefined,
      }),
      encode,
    );
    await run(template, encode("a"), ["a"]);
  } catch (error) {
    await model.dispose();
    throw invalid(error);
  }
  let inFlight: Promise<unknown> = Promise.resolve();
  return {
    id: `${name}@${files.contentHash.slice(0, 16)}`,
    score(question, texts, signal) {
      // One call after another: the model has the cores already, and memory stays that of one batch.
      const next = inFlight.then(async () => {
        stopIfUnwanted(signal);
        const ids = encode(question);
        const scores: number[] = [];
        for (let from = 0; from < texts.length; from += BATCH) {
          stopIfUnwanted(signal);
          scores.push(...(await run(template, ids, texts.slice(from, from + BATCH)).catch(failed)));
          await nextTurn();
        }
        return scores;
      });
      inFlight = next.catch(() => {});
      return next;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };

  function failed(error: unknown): never {
    throw new ModelError({
      code: "model_failed",
      subject: `reranker ${name}`,
      reason: firstLine(error),
      nextStep: "Search again; if it fails again, open the store without a reranker",
      cause: error,
    });
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? "").slice(0, 300).replace(/[.\s]+$/, "");
}
