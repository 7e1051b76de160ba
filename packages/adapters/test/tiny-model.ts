import { type GgufContents, type GgufWriteValue, writeGguf } from "../src/gguf/write.ts";

const TOKENS = ["<unk>", "<s>", "</s>", "a", "b", "c", "d", "e"];

/** Metadata of a model that is small enough to mutate byte by byte. */
const TINY_METADATA: Readonly<Record<string, GgufWriteValue>> = {
  "general.architecture": { type: "string", value: "llama" },
  "general.name": { type: "string", value: "tiny" },
  "llama.context_length": { type: "uint32", value: 64 },
  "llama.embedding_length": { type: "uint32", value: 8 },
  "llama.block_count": { type: "uint32", value: 1 },
  "llama.feed_forward_length": { type: "uint32", value: 16 },
  "llama.attention.head_count": { type: "uint32", value: 2 },
  "llama.attention.layer_norm_rms_epsilon": { type: "float32", value: 1e-5 },
  "tokenizer.ggml.model": { type: "string", value: "llama" },
  "tokenizer.ggml.tokens": { type: "array", of: "string", values: TOKENS },
  "tokenizer.ggml.scores": { type: "array", of: "float32", values: TOKENS.map(() => 0) },
  "tokenizer.ggml.token_type": { type: "array", of: "int32", values: [2, 3, 3, 1, 1, 1, 1, 1] },
  "tokenizer.chat_template": { type: "string", value: "{{ messages[0].content }}" },
};

const TENSORS: GgufContents["tensors"] = [
  { name: "token_embd.weight", shape: [8, 8], type: "F32", data: new Float32Array(64).fill(0.5) },
  { name: "output_norm.weight", shape: [8], type: "F16", data: new Float32Array(8).fill(1) },
];

/** The bytes of a GGUF that passes every check of the header, though it lacks most of a model's tensors. */
export function tinyModel(
  metadata: Readonly<Record<string, GgufWriteValue | undefined>> = {},
  tensors: GgufContents["tensors"] = TENSORS,
): Uint8Array {
  const entries = Object.entries({ ...TINY_METADATA, ...metadata }).filter(
    (entry): entry is [string, GgufWriteValue] => entry[1] !== undefined,
  );
  return writeGguf({ metadata: Object.fromEntries(entries), tensors });
}
