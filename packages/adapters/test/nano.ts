import { fileURLToPath } from "node:url";
import type { Message } from "@advisor/contracts";
import { type GgufWriteTensor, type GgufWriteValue, writeGguf } from "../src/gguf/write.ts";

/** The embedded base model. */
export const NANO_PATH = fileURLToPath(new URL("../../nano/models/nano-base.f16.gguf", import.meta.url));

/** A question whose source nano cannot read, since its sentence has no label: nano says that it holds no answer. */
export const NANO_QUESTION: readonly Message[] = [
  { role: "system", content: "Answer from the sources. Quote and cite." },
  {
    role: "user",
    content: "[1] Leave: \nEmployees get 25 days of leave.\n\nQuestion: How many days?",
  },
];

export const NANO_ANSWER = "The sources do not answer this.";

/** A question in nano's own layout, whose sentences stand under letters: nano answers with the letter of the right one. */
export const pointingQuestion = (question: string): readonly Message[] => [
  { role: "system", content: "Answer from the sources. Quote and cite." },
  {
    role: "user",
    content: `[1] Handbook: \na\nEmployees get 25 days of leave.\nb\nThe office opens at nine in the morning.\n\nQuestion: ${question}`,
  },
];

/** Numbers that look random and are the same on each run (a 32-bit linear congruential generator). */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export interface LoraOptions {
  readonly rank?: number;
  readonly alpha?: number;
  /** Size of the factors' numbers; 0 makes an adapter without effect. */
  readonly size?: number;
  readonly seed?: number;
  readonly type?: "F32" | "F16";
  /** Base tensors to change, with [in, out]. */
  readonly targets?: Readonly<Record<string, readonly [number, number]>>;
  readonly metadata?: Readonly<Record<string, GgufWriteValue>>;
  readonly extraTensors?: readonly GgufWriteTensor[];
}

const NANO_TARGETS: Readonly<Record<string, readonly [number, number]>> = Object.fromEntries(
  [0, 1, 2, 3, 4, 5].flatMap((layer) => [
    [`blk.${layer}.attn_q.weight`, [384, 384] as const],
    [`blk.${layer}.ffn_down.weight`, [512, 384] as const],
  ]),
);

/** The bytes of a valid LoRA for nano, with random factors. */
export function nanoLora(options: LoraOptions = {}): Uint8Array {
  const { rank = 4, alpha = 8, size = 0.4, seed = 1, type = "F32", targets = NANO_TARGETS } = options;
  const random = noise(seed);
  const matrix = (length: number) => Float32Array.from({ length }, () => random() * size);
  return writeGguf({
    metadata: {
      "general.type": { type: "string", value: "adapter" },
      "general.architecture": { type: "string", value: "llama" },
      "adapter.type": { type: "string", value: "lora" },
      "adapter.lora.alpha": { type: "float32", value: alpha },
      ...options.metadata,
    },
    tensors: [
      ...Object.entries(targets).flatMap(([name, [input, output]]): GgufWriteTensor[] => [
        { name: `${name}.lora_a`, shape: [input, rank], type, data: matrix(input * rank) },
        { name: `${name}.lora_b`, shape: [rank, output], type, data: matrix(rank * output) },
      ]),
      ...(options.extraTensors ?? []),
    ],
  });
}
