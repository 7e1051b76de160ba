import type { z } from "zod";
import type { AdapterManifest } from "./adapter-manifest.ts";
import type { Message } from "./message.ts";
import type { Warning } from "./progress.ts";

/** What a loaded base model is. Hashes are lower-case hexadecimal SHA-256. */
export interface ModelInfo {
  readonly name: string;
  /** GGUF `general.architecture`, such as `llama` or `qwen3`. */
  readonly architecture: string;
  /** Quantisation of most of its weights, such as `Q8_0`. */
  readonly quantization: string;
  readonly parameters: number;
  /** Context window in use, in tokens. */
  readonly contextLength: number;
  /** Identifies the exact file: the adapter manifest's `testedOn` and saved states are keyed by it. */
  readonly fingerprint: string;
  readonly chatTemplateSha256: string;
  readonly tokenizerSha256: string;
  /** `cpu`, or the GPU back end in use (`vulkan`, `cuda`, `metal`). */
  readonly device: string;
}

/** Which adapter steers a request, and how strongly. */
export interface AdapterSelection {
  readonly name: string;
  /** Factor on the adapter's update. Default 1; 0 gives the base model back. */
  readonly scale?: number;
}

/** Restricts what the model can write. */
export type OutputFormat =
  /** A GBNF grammar, as llama.cpp reads it, with a rule `root`. */
  | { readonly type: "gbnf"; readonly grammar: string }
  /** JSON that validates against a zod schema or a JSON Schema. The parsed value is in the result. */
  | { readonly type: "json"; readonly schema: z.ZodType | Readonly<Record<string, unknown>> }
  /**
   * Exactly one of these texts, as it stands here. The model decides where they part; what they share is evaluated in one
   * go instead of token by token. Neither `maxTokens` nor `stop` cuts a choice.
   */
  | { readonly type: "choice"; readonly choices: readonly string[] };

/** What the model is to write, and how. Only `messages` is needed. */
export interface GenerateRequest {
  readonly messages: readonly Message[];
  readonly adapter?: AdapterSelection;
  /** Default 512. */
  readonly maxTokens?: number;
  /** Default 0: greedy, the same answer each time. */
  readonly temperature?: number;
  /** Applies above temperature 0. Default 0.95. */
  readonly topP?: number;
  /** Applies above temperature 0. Default 40. */
  readonly topK?: number;
  /** Applies above temperature 0. Same seed, same text. Default random. */
  readonly seed?: number;
  /** Generation ends before the first of these; they are not part of the text. */
  readonly stop?: readonly string[];
  readonly format?: OutputFormat;
  readonly signal?: AbortSignal;
}

/** Where the time of one request went. */
export interface GenerateTimings {
  /** Waiting for a free context and switching adapters, ms. */
  readonly queueMs: number;
  /** From the start of prompt evaluation to the first token, ms. */
  readonly firstTokenMs: number;
  /** From the start of prompt evaluation to the end, ms. */
  readonly totalMs: number;
  /**
   * Decode speed after the first piece of text. 0 when nothing came after it: fewer than two tokens, or a choice whose text
   * left nothing to decide.
   */
  readonly tokensPerSecond: number;
}

/** A finished text with its counts and timings. */
export interface GenerateResult {
  readonly text: string;
  /** `stop`: the model ended or a stop string came; `length`: maxTokens or the context ran out. */
  readonly finish: "stop" | "length";
  /** With `format: json`: the parsed, validated value. */
  readonly json?: unknown;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The prompt exactly as sent, template marks included. */
  readonly prompt: string;
  readonly timings: GenerateTimings;
  readonly warnings: readonly Warning[];
}

/** What `generate` yields: pieces of text, each whole characters, then one `done`. */
export type GenerateEvent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "done"; readonly result: GenerateResult };

/** Ranks texts by how likely the model is to write them. */
export interface LikelihoodRequest {
  readonly messages: readonly Message[];
  readonly adapter?: AdapterSelection;
  readonly candidates: readonly string[];
  readonly signal?: AbortSignal;
}

/** An adapter that is ready to use. */
export interface LoadedAdapter {
  readonly name: string;
  readonly manifest: AdapterManifest;
  /** Such as a tested base of another quantisation, or a review date that has passed. */
  readonly warnings: readonly Warning[];
}

/** What a generator can do beyond the required methods. */
export interface GeneratorCapabilities {
  readonly adapters: boolean;
  /** Every {@link OutputFormat}: without it, `quoted` grounding is refused. */
  readonly formats: boolean;
  readonly likelihood: boolean;
}

/** Behaviour: a base model, steered by at most one adapter a request. Safe to call concurrently. */
export interface Generator {
  readonly model: ModelInfo;
  readonly capabilities: GeneratorCapabilities;
  /** Streams text as it is written and ends with one `done`. Aborting throws {@link CancelledError}. */
  generate(request: GenerateRequest): AsyncIterable<GenerateEvent>;
  /** Tokens of the whole prompt these messages make, template included. */
  countTokens(messages: readonly Message[]): number;
  /** Mean natural-log probability of a token of each candidate, were it the reply. Higher is likelier. */
  likelihoods?(request: LikelihoodRequest): Promise<readonly number[]>;
  /** The adapters by name. */
  adapters(): readonly LoadedAdapter[];
  /** Waits for work in flight, then frees contexts, adapters and weights. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
