import { type GgufWriteTensor, type GgufWriteValue, writeGguf } from "../src/gguf/write.ts";
import { noise } from "./nano.ts";

const WIDTH = 32;
const CONTEXT = 64;
/** "▁" begins a word; what has none goes on with one. */
const TOKENS = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  ...[
    "the",
    "refund",
    "takes",
    "days",
    "price",
    "of",
    "plan",
    "cat",
    "sat",
    "on",
    "mat",
    "euros",
    "word",
    "is",
    "ten",
    "a",
  ].map((word) => `▁${word}`),
  ..."abcdefghijklmnopqrstuvwxyz."
    .split("")
    .flatMap((letter) => (letter === "a" ? [letter] : [`▁${letter}`, letter])),
];

/** The bytes of an encoder with one block of small random weights, so that a text's vector is near the mean of its words'. */
export function tinyBert(metadata: Readonly<Record<string, GgufWriteValue>> = {}): Uint8Array {
  const random = noise(7);
  const tensor = (name: string, shape: readonly number[], value: () => number): GgufWriteTensor => ({
    name,
    shape,
    type: "F32",
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, value),
  });
  const small = () => random() * 0.02;
  const zero = () => 0;
  const one = () => 1;
  const norm = (name: string) => [
    tensor(`${name}.weight`, [WIDTH], one),
    tensor(`${name}.bias`, [WIDTH], zero),
  ];
  const linear = (name: string, input: number, output: number) => [
    tensor(`blk.0.${name}.weight`, [input, output], small),
    tensor(`blk.0.${name}.bias`, [output], zero),
  ];
  const integer = (value: number) => ({ type: "uint32", value }) as const;
  return writeGguf({
    metadata: {
      "general.architecture": { type: "string", value: "bert" },
      "general.name": { type: "string", value: "tiny-bert" },
      "bert.context_length": integer(CONTEXT),
      "bert.embedding_length": integer(WIDTH),
      "bert.block_count": integer(1),
      "bert.feed_forward_length": integer(2 * WIDTH),
      "bert.attention.head_count": integer(2),
      "bert.attention.layer_norm_epsilon": { type: "float32", value: 1e-12 },
      "bert.attention.causal": { type: "bool", value: false },
      "bert.pooling_type": integer(1),
      "tokenizer.ggml.model": { type: "string", value: "bert" },
      "tokenizer.ggml.token_type_count": integer(2),
      "tokenizer.ggml.tokens": { type: "array", of: "string", values: TOKENS },
      "tokenizer.ggml.token_type": {
        type: "array",
        of: "int32",
        values: TOKENS.map((token) => (token.startsWith("[") ? 3 : 1)),
      },
      "tokenizer.ggml.padding_token_id": integer(0),
      "tokenizer.ggml.unknown_token_id": integer(1),
      "tokenizer.ggml.bos_token_id": integer(2),
      "tokenizer.ggml.cls_token_id": integer(2),
      "tokenizer.ggml.eos_token_id": integer(3),
      "tokenizer.ggml.seperator_token_id": integer(3),
      "tokenizer.ggml.mask_token_id": integer(4),
      ...metadata,
    },
    tensors: [
      tensor("token_embd.weight", [WIDTH, TOKENS.length], random),
      tensor("position_embd.weight", [WIDTH, CONTEXT], zero),
      tensor("token_types.weight", [WIDTH, 2], zero),
      ...norm("token_embd_norm"),
      ...linear("attn_q", WIDTH, WIDTH),
      ...linear("attn_k", WIDTH, WIDTH),
      ...linear("attn_v", WIDTH, WIDTH),
      ...linear("attn_output", WIDTH, WIDTH),
      ...norm("blk.0.attn_output_norm"),
      ...linear("ffn_up", WIDTH, 2 * WIDTH),
      ...linear("ffn_down", 2 * WIDTH, WIDTH),
      ...norm("blk.0.layer_output_norm"),
    ],
  });
}
