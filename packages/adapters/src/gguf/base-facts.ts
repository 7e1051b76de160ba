import { createHash } from "node:crypto";
import { type AdapterBase, ModelError } from "@advisor/contracts";
import { type ModelUse, NEXT_MODEL, POOLINGS, type Pooling, refusalOf } from "./architectures.ts";
import { arrayStrings } from "./array-values.ts";
import { MAX_EXPERTS, MAX_LAYERS } from "./limits.ts";
import type { GgufHeader, GgufValue } from "./parse.ts";
import { fileInvalid, type GgufFile } from "./read-file.ts";

/** What a model's header says, checked. */
export interface BaseFacts {
  readonly name: string | undefined;
  readonly architecture: string;
  /** Type of most of its weights, such as `Q8_0`. */
  readonly quantization: string;
  readonly parameters: number;
  /** How an embedder makes one vector of its tokens' when its header says so. */
  readonly pooling: Pooling | undefined;
  /** The context it was trained for, in tokens. */
  readonly contextLength: number;
  readonly chatTemplate: string | undefined;
  /** Bytes of KV cache that one token takes in f16. */
  readonly kvBytesPerToken: number;
  /** The fields that an adapter's manifest is compared with. */
  readonly base: AdapterBase;
}

/** Metadata that decides how text becomes tokens. Special token ids are left out: fine-tunes change them at will. */
const TOKENIZER_KEYS = [
  "tokenizer.ggml.model",
  "tokenizer.ggml.pre",
  "tokenizer.ggml.tokens",
  "tokenizer.ggml.scores",
  "tokenizer.ggml.token_type",
  "tokenizer.ggml.merges",
  "tokenizer.ggml.add_space_prefix",
  "tokenizer.ggml.remove_extra_whitespaces",
  "tokenizer.ggml.precompiled_charsmap",
];

const SPECIAL_TOKEN_KEYS = /^tokenizer\.ggml\..*_token_id$/;

function unsupported(path: string, reason: string, nextStep: string): ModelError {
  return new ModelError({ code: "model_unsupported", subject: path, reason, nextStep });
}

function text(header: GgufHeader, key: string): string | undefined {
  const found = header.metadata.get(key);
  return found?.type === "string" ? found.value : undefined;
}

function sha256OfValues(entries: readonly (readonly [string, GgufValue])[]): string {
  const hash = createHash("sha256");
  for (const [key, found] of entries) {
    const kind = found.type === "array" ? `array of ${found.length} ${found.of}` : found.type;
    hash.update(`${key}\n${kind}\n${found.bytes.length}\n`).update(found.bytes);
  }
  return hash.digest("hex");
}

/**
 * Checks and reads a model's header. For `chat` a model must write text; one that embeds text may be of those and of the
 * encoders.
 */
export function readBaseFacts(file: GgufFile, use: ModelUse = "chat"): BaseFacts {
  const { header, path } = file;
  const { metadata, tensors } = header;
  const invalid = (reason: string) => fileInvalid("model", path, `it is not a usable model: ${reason}`);

  const architecture = text(header, "general.architecture");
  if (!architecture) throw invalid("general.architecture is missing or no text");
  const kind = text(header, "general.type") ?? "model";
  if (kind === "adapter") {
    throw unsupported(
      path,
      "it is a LoRA adapter, not a model",
      "Give it as an adapter and a chat model as model",
    );
  }
  const causal = metadata.get(`${architecture}.attention.causal`);
  const isCausal = !(causal?.type === "bool" && !causal.value);
  const pooling = positive(metadata.get(`${architecture}.pooling_type`));
  const refusal = refusalOf(use, { architecture, kind, isCausal, pooling });
  if (refusal) throw unsupported(path, refusal, NEXT_MODEL[use]);
  if (positive(metadata.get("split.count")) > 1) {
    throw unsupported(
      path,
      "it is one part of a split model",
      "Join the parts with llama-gguf-split --merge",
    );
  }
  if (tensors.length === 0) throw invalid("it holds no tensors, only a vocabulary or metadata");

  /** A positive whole number; where an architecture gives one a layer, the largest. */
  function count(key: string, fallback?: number): number {
    const found = metadata.get(`${architecture}.${key}`);
    const number = found ? positive(found) : (fallback ?? 0);
    if (number < 1) throw invalid(`${architecture}.${key} is missing or not a positive number`);
    return number;
  }

  const blockCount = count("block_count");
  if (blockCount > MAX_LAYERS)
    throw invalid(`${architecture}.block_count is ${blockCount}, above ${MAX_LAYERS}`);
  const experts = metadata.get(`${architecture}.expert_count`);
  if (experts && positive(experts) > MAX_EXPERTS) throw invalid(`expert_count is above ${MAX_EXPERTS}`);
  const embeddingLength = count("embedding_length");
  const headCount = count("attention.head_count", 1);
  const headCountKv = count("attention.head_count_kv", headCount);
  if (headCountKv > headCount) throw invalid("it has more key-value heads than heads");
  const headLength = Math.max(1, Math.floor(embeddingLength / headCount));
  const keyLength = count("attention.key_length", headLength);
  const valueLength = count("attention.value_length", headLength);
  // llama.cpp asserts that a layer's width is positive wherever it looks for its tensors.
  const hasFeedForward = tensors.some(({ name }) => /\.ffn_(?:up|down|gate)\.weight$/.test(name));
  const vocabularySize = checkVocabulary(metadata, invalid);
  checkTokenEmbedding(header, embeddingLength, vocabularySize, invalid);

  for (const key of ["attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"]) {
    const found = metadata.get(`${architecture}.${key}`);
    if (found && !(found.type === "float32" && found.value >= 0 && found.value < 1)) {
      throw invalid(`${architecture}.${key} is no small positive number`);
    }
  }
  const template = metadata.get("tokenizer.chat_template");
  if (template && template.type !== "string") throw invalid("tokenizer.chat_template is no text");
  const tokenizer = TOKENIZER_KEYS.flatMap((key) => {
    const found = metadata.get(key);
    return found ? [[key, found] as const] : [];
  });

  return {
    name: text(header, "general.name"),
    architecture,
    quantization: quantizationOf(header),
    pooling: POOLINGS[pooling],
    parameters: tensors.reduce((sum, { elements }) => sum + elements, 0),
    contextLength: count("context_length"),
    chatTemplate: template?.value,
    kvBytesPerToken: blockCount * headCountKv * (keyLength + valueLength) * 2,
    base: {
      architecture,
      blockCount,
      embeddingLength,
      feedForwardLength: count("feed_forward_length", hasFeedForward ? undefined : embeddingLength),
      headCount,
      headCountKv,
      vocabularySize,
      tokenizerSha256: sha256OfValues(tokenizer),
      chatTemplateSha256: createHash("sha256")
        .update(template?.value ?? "")
        .digest("hex"),
    },
  };
}

/** A whole number of any width, or the largest of an array of them; 0 for anything else. */
function positive(found: GgufValue | undefined): number {
  if (!found) return 0;
  if (found.type === "array") {
    if (found.of !== "int32" && found.of !== "uint32") return 0;
    const view = new DataView(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength);
    let largest = 0;
    for (let index = 0; index < found.length; index++)
      largest = Math.max(largest, view.getInt32(index * 4, true));
    return largest;
  }
  if (found.type === "string" || found.type === "bool") return 0;
  const number = Number(found.value);
  return Number.isSafeInteger(number) && number >= 0 ? number : 0;
}

/**
 * llama.cpp reads the vocabulary's arrays without comparing their types and lengths: a wrong type aborts the process
 * (`GGML_ASSERT` in `gguf_get_arr_data`), a short one is read past its end. So they are compared here.
 */
function checkVocabulary(
  metadata: ReadonlyMap<string, GgufValue>,
  invalid: (reason: string) => Error,
): number {
  const model = metadata.get("tokenizer.ggml.model");
  if (model?.type !== "string") throw invalid("tokenizer.ggml.model is missing or no text");
  if (model.value === "no_vocab" || model.value === "none") throw invalid("it has no vocabulary");
  const pre = metadata.get("tokenizer.ggml.pre");
  if (pre && pre.type !== "string") throw invalid("tokenizer.ggml.pre is no text");
  const tokens = metadata.get("tokenizer.ggml.tokens");
  if (tokens?.type !== "array" || tokens.of !== "string" || tokens.length === 0) {
    throw invalid("tokenizer.ggml.tokens is missing or no list of texts");
  }
  checkDistinct(tokens, invalid);
  const parallel: readonly (readonly [string, readonly string[]])[] = [
    ["tokenizer.ggml.scores", ["float32"]],
    ["tokenizer.ggml.token_type", ["int32", "uint32"]],
  ];
  for (const [key, types] of parallel) {
    const found = metadata.get(key);
    if (!found) continue;
    if (found.type !== "array" || !types.includes(found.of) || found.length !== tokens.length) {
      throw invalid(`${key} is not a list of ${tokens.length} ${types[0]} numbers, one for each token`);
    }
  }
  const merges = metadata.get("tokenizer.ggml.merges");
  if (merges && (merges.type !== "array" || merges.of !== "string")) {
    throw invalid("tokenizer.ggml.merges is no list of texts");
  }
  const charsmap = metadata.get("tokenizer.ggml.precompiled_charsmap");
  if (charsmap && (charsmap.type !== "array" || (charsmap.of !== "uint8" && charsmap.of !== "int8"))) {
    throw invalid("tokenizer.ggml.precompiled_charsmap is no list of bytes");
  }
  for (const [key, found] of metadata) {
    if (!SPECIAL_TOKEN_KEYS.test(key)) continue;
    const id =
      found.type === "int32" && found.value < 0 ? -1 : Number(found.type === "array" ? -2 : found.value);
    // An id of 2^32-1 is how some converters write "none"; llama.cpp ignores ids outside the vocabulary.
    if (!Number.isInteger(id)) throw invalid(`${key} is no token id`);
  }
  return tokens.length;
}

/** llama.cpp asserts that no two tokens are the same; it gives empty ones a name of their own. */
function checkDistinct(tokens: GgufValue, invalid: (reason: string) => Error): void {
  const seen = new Set<string>();
  let index = 0;
  for (const bytes of arrayStrings(tokens)) {
    // It reads tokens as C strings, which end at the first NUL.
    const end = bytes.indexOf(0);
    const text = (end < 0 ? bytes : bytes.subarray(0, end)).toString("latin1");
    const token = text === "" ? `[EMPTY_${index}]` : text;
    if (seen.has(token)) throw invalid(`token ${index} of its vocabulary stands there twice`);
    seen.add(token);
    index++;
  }
}

function checkTokenEmbedding(
  header: GgufHeader,
  embeddingLength: number,
  vocabularySize: number,
  invalid: (reason: string) => Error,
): void {
  const table = header.tensors.find(({ name }) => name === "token_embd.weight");
  if (!table) throw invalid("the tensor token_embd.weight is missing");
  const [width, rows] = table.shape;
  if (width !== embeddingLength || rows !== vocabularySize) {
    throw invalid(
      `token_embd.weight is ${table.shape.join(" x ")}, and its metadata says ${embeddingLength} x ${vocabularySize}`,
    );
  }
}

function quantizationOf(header: GgufHeader): string {
  const sizes = new Map<string, number>();
  for (const { type, elements } of header.tensors) {
    sizes.set(type.name, (sizes.get(type.name) ?? 0) + elements);
  }
  return [...sizes].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}
