import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelError } from "@advisor/contracts";
import type { Pooling } from "./pooling.ts";

/** Precision of the weights: which of the folder's ONNX files is loaded. */
export const DTYPES = ["fp32", "fp16", "q8", "int8", "uint8", "q4", "q4f16", "bnb4"] as const;
/** Precision of the weights, by transformers.js's names. */
export type Dtype = (typeof DTYPES)[number];

/** `q8` is the one whose file is not named after it. */
const weightsFile = (dtype: Dtype) =>
  dtype === "fp32" ? "model.onnx" : dtype === "q8" ? "model_quantized.onnx" : `model_${dtype}.onnx`;

/** Tokenizers whose positions begin behind the padding's: RoBERTa and what descends from it. */
const POSITIONS_AFTER_PADDING = /^(?:roberta|xlm-roberta|camembert|mpnet)$/;

/** What the files of a transformers.js model say. */
export interface EmbedderFolder {
  /** Path of the ONNX file. */
  readonly weights: string;
  /** SHA-256 of the ONNX file alone. */
  readonly weightsSha256: string;
  /** Hash of every file that decides a vector: weights, their outside data, tokenizer and configurations. */
  readonly contentHash: string;
  readonly tokenizer: unknown;
  /** Most positions the model has, where its configuration says so. */
  readonly maxPositions: number | undefined;
  /** False where the configuration says that there are none: token vectors are then only looked up and pooled. */
  readonly hasLayers: boolean;
  /** As the files of sentence-transformers name it, where they are there. */
  readonly pooling: Pooling | undefined;
  readonly queryPrefix: string | undefined;
  readonly passagePrefix: string | undefined;
  /** A layer behind the pooling, which the tokens' vectors alone leave out. */
  readonly hasDenseLayer: boolean;
}

/** @throws ModelError `model_missing` or `model_invalid`, naming the file. */
export async function readEmbedderFolder(folder: string, dtype: Dtype): Promise<EmbedderFolder> {
  const file = weightsFile(dtype);
  const weights = join("onnx", file);
  // In order, so that of several missing files always the same one is named.
  const weightsSha256 = await hashOf(folder, weights);
  const hashes: [string, string][] = [["onnx/model", weightsSha256]];
  for (const name of await outsideData(folder, file)) {
    hashes.push([`onnx/${name.slice(file.length)}`, await hashOf(folder, join("onnx", name))]);
  }
  const parsed = new Map<string, Record<string, unknown>>();
  for (const name of ["tokenizer.json", "config.json", "tokenizer_config.json"]) {
    const text = await readText(folder, name);
    hashes.push([name, createHash("sha256").update(text).digest("hex")]);
    parsed.set(name, parse(folder, name, text));
  }
  const [pooling, prompts, modules] = await Promise.all(
    ["1_Pooling/config.json", "config_sentence_transformers.json", "modules.json"].map((name) =>
      readOptional(folder, name),
    ),
  );
  const { query, passage, document = passage } = (prompts?.prompts ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  return {
    weights: join(folder, weights),
    weightsSha256,
    contentHash: createHash("sha256").update(JSON.stringify(hashes)).digest("hex"),
    tokenizer: parsed.get("tokenizer.json"),
    maxPositions: positionsOf(parsed.get("config.json") ?? {}),
    hasLayers: parsed.get("config.json")?.num_hidden_layers !== 0,
    pooling: poolingOf(pooling),
    queryPrefix: text(query),
    passagePrefix: text(document),
    hasDenseLayer: Object.values(modules ?? {}).some((module) =>
      String((module as { type?: unknown } | null)?.type).endsWith(".Dense"),
    ),
  };
}

/** ONNX files above 2 GB keep their weights beside them: `model.onnx_data`, `model.onnx_data_1`, `model.onnx.data`. */
async function outsideData(folder: string, file: string): Promise<string[]> {
  const names = await readdir(join(folder, "onnx")).catch(() => []);
  return names.filter((name) => name.startsWith(`${file}_data`) || name.startsWith(`${file}.data`)).sort();
}

function positionsOf(config: Record<string, unknown>): number | undefined {
  const { max_position_embeddings: positions, pad_token_id: padding, model_type: type } = config;
  if (typeof positions !== "number" || !(positions > 0)) return undefined;
  const before = POSITIONS_AFTER_PADDING.test(String(type)) ? Number(padding ?? 1) + 1 : 0;
  return positions - before;
}

function poolingOf(config: Record<string, unknown> | undefined): Pooling | undefined {
  if (config?.pooling_mode_cls_token === true) return "cls";
  if (config?.pooling_mode_lasttoken === true) return "last";
  return config?.pooling_mode_mean_tokens === true ? "mean" : undefined;
}

async function hashOf(folder: string, file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(join(folder, file), { highWaterMark: 1024 * 1024 })) {
      hash.update(piece as Buffer);
    }
  } catch (error) {
    throw unreadable(folder, file, error);
  }
  return hash.digest("hex");
}

async function readText(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), "utf8");
  } catch (error) {
    throw unreadable(folder, file, error);
  }
}

/** Files that only some folders have. */
async function readOptional(folder: string, file: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(join(folder, file), "utf8").catch(() => undefined);
  return text === undefined ? undefined : parse(folder, file, text);
}

function parse(folder: string, file: string, text: string): Record<string, unknown> {
  let cause: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    cause = error;
  }
  throw new ModelError({
    code: "model_invalid",
    subject: join(folder, file),
    reason: "it is no JSON object",
    nextStep: "Put a model exported for transformers.js there",
    cause,
  });
}

function unreadable(folder: string, file: string, cause: unknown): ModelError {
  return new ModelError({
    code: "model_missing",
    subject: join(folder, file),
    reason: `the file of the model cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`,
    nextStep: "Name the folder of a transformers.js model, and a dtype whose file it holds",
    cause,
  });
}
