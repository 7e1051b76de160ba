import type { AdapterManifest } from "@advisor/contracts";
import { sha256File } from "../gguf/fingerprint.ts";
import type { GgufTensor } from "../gguf/parse.ts";
import { fileInvalid, type GgufFile, readGgufFile } from "../gguf/read-file.ts";
import { findManifest } from "./manifest.ts";

/** The two factors of one tensor's update: `scale * B * A`. */
export interface LoraPair {
  /** Name of the base's tensor, such as `blk.0.attn_q.weight`. */
  readonly target: string;
  /** Shape [in, rank]. */
  readonly a: GgufTensor;
  /** Shape [rank, out]. */
  readonly b: GgufTensor;
}

/** A LoRA adapter's checked header. */
export interface AdapterInspection {
  readonly path: string;
  readonly bytes: number;
  /** Of the whole file. */
  readonly sha256: string;
  readonly name: string | undefined;
  readonly architecture: string;
  readonly rank: number;
  /** The update is scaled by alpha / rank. */
  readonly alpha: number;
  readonly pairs: readonly LoraPair[];
  readonly parameters: number;
}

const NEXT = "Convert the adapter again with llama.cpp's convert_lora_to_gguf.py";
const FACTOR_TYPES = new Set(["F32", "F16", "BF16", "Q8_0"]);
const FACTOR = /^(.+)\.lora_([ab])$/;

/**
 * Reads and checks a LoRA adapter's GGUF, with its manifest when it has one. No native code sees the file.
 * @throws AdapterError `adapter_missing` or `adapter_invalid`.
 */
export async function readAdapter(
  path: string,
): Promise<AdapterInspection & { readonly manifest: AdapterManifest | undefined }> {
  const inspection = await inspectAdapter(path);
  return { ...inspection, manifest: await findManifest(path) };
}

/** {@link readAdapter} without the manifest. */
export async function inspectAdapter(path: string): Promise<AdapterInspection> {
  const file = await readGgufFile(path, "adapter");
  const facts = checkAdapter(file);
  return { path, bytes: file.size, sha256: await sha256File(path), ...facts };
}

function checkAdapter(file: GgufFile): Omit<AdapterInspection, "path" | "bytes" | "sha256"> {
  const { metadata, tensors } = file.header;
  const invalid = (reason: string, nextStep = NEXT) => fileInvalid("adapter", file.path, reason, nextStep);

  // llama.cpp asserts the types of these keys, and a failed assertion ends the process.
  function text(key: string): string {
    const found = metadata.get(key);
    if (found?.type !== "string") throw invalid(`its metadata key ${key} is missing or no text`);
    return found.value;
  }
  if (text("general.type") !== "adapter") {
    throw invalid("it is a model, not an adapter", "Give it as model, and a LoRA GGUF as adapter");
  }
  if (text("adapter.type") !== "lora") throw invalid("it is an adapter of another kind than LoRA");
  const architecture = text("general.architecture");
  const alpha = metadata.get("adapter.lora.alpha");
  if (alpha?.type !== "float32") throw invalid("adapter.lora.alpha is missing or no 32-bit float");
  if (!(alpha.value > 0 && Number.isFinite(alpha.value))) {
    throw invalid(`adapter.lora.alpha is ${alpha.value}, not a positive number`);
  }
  if (metadata.has("adapter.alora.invocation_tokens")) {
    throw invalid("it is an activated LoRA, which is not supported", "Use a plain LoRA");
  }
  const name = metadata.get("general.name");

  const pairs = pairTensors(tensors, invalid);
  const [first] = pairs;
  if (!first) throw invalid("it holds no LoRA tensors");
  const rank = first.a.shape[1] as number;
  for (const { target, a, b } of pairs) {
    if (a.shape[1] !== rank || b.shape[0] !== rank) {
      throw invalid(
        `${target} has factors of ${a.shape.join(" x ")} and ${b.shape.join(" x ")}, not of rank ${rank} as ${first.target}`,
      );
    }
  }
  return {
    name: name?.type === "string" ? name.value : undefined,
    architecture,
    rank,
    alpha: alpha.value,
    pairs,
    parameters: tensors.reduce((sum, { elements }) => sum + elements, 0),
  };
}

function pairTensors(
  tensors: readonly GgufTensor[],
  invalid: (reason: string, nextStep?: string) => Error,
): readonly LoraPair[] {
  const factors = new Map<string, { a?: GgufTensor; b?: GgufTensor }>();
  for (const tensor of tensors) {
    const match = FACTOR.exec(tensor.name);
    if (!match) {
      throw invalid(
        `the tensor ${tensor.name} is no LoRA factor; DoRA, biases and whole saved modules are not supported`,
        "Train a plain LoRA, without modules_to_save and with bias none",
      );
    }
    const target = match[1] as string;
    if (target.startsWith("token_embd.")) {
      // On a base with tied embeddings the output head would find it by name and the first decode abort the process.
      throw invalid(
        "it changes token_embd, which llama.cpp cannot apply",
        "Train without the embedding layer",
      );
    }
    if (target.includes("_norm.")) {
      throw invalid(
        `it changes ${target}, and llama.cpp silently ignores LoRA on norms`,
        "Train without norms",
      );
    }
    if (!FACTOR_TYPES.has(tensor.type.name)) {
      throw invalid(`${tensor.name} is ${tensor.type.name}, not one of ${[...FACTOR_TYPES].join(", ")}`);
    }
    if (tensor.shape.length < 2) throw invalid(`${tensor.name} is no matrix`);
    const pair = factors.get(target) ?? {};
    pair[match[2] as "a" | "b"] = tensor;
    factors.set(target, pair);
  }
  return [...factors].map(([target, { a, b }]) => {
    if (!a || !b) throw invalid(`${target} has only one of its two factors`);
    return { target, a, b };
  });
}
