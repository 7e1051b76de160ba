import { createHash } from "node:crypto";
import type { AdapterManifest } from "../adapter-manifest.ts";
import { BadInputError } from "../errors/bad-input-error.ts";
import { CancelledError } from "../errors/cancelled-error.ts";
import { ContextError } from "../errors/context-error.ts";
import { ModelError } from "../errors/model-error.ts";
import type {
  GenerateEvent,
  GenerateRequest,
  GenerateResult,
  Generator,
  LikelihoodRequest,
  LoadedAdapter,
  ModelInfo,
} from "../generator.ts";
import type { Message } from "../message.ts";
import type { Warning } from "../progress.ts";
import { throwIfAborted } from "../throw-if-aborted.ts";

/** What the fake model writes. A plain string is the text of a reply that ends by itself. */
export type FakeReply =
  | string
  | {
      readonly text: string;
      readonly warnings?: readonly Warning[];
      /** Waits so long before each piece, ms. Default 0: pieces come one microtask apart. */
      readonly delayMs?: number;
    };

/** How a fake generator is made. */
export interface FakeGeneratorSettings {
  /**
   * What it answers: always the same, the next of a list, or what a function of the request says. Without it, or past
   * the list's end, `generate` throws.
   */
  readonly replies?:
    | string
    | readonly (FakeReply | Error)[]
    | ((request: GenerateRequest, index: number) => FakeReply | Promise<FakeReply>);
  /** Scores one candidate. Without it `likelihoods` throws. */
  readonly likelihood?: (candidate: string, request: LikelihoodRequest) => number;
  /** Names, or manifests where a test reads them. */
  readonly adapters?: readonly (string | LoadedAdapter)[];
  readonly model?: Partial<ModelInfo>;
  /** Default: words and marks, four for each message's frame. */
  readonly countTokens?: (text: string) => number;
}

/** A call as it came in. */
export type FakeGeneratorCall =
  | { readonly method: "generate"; readonly request: GenerateRequest }
  | { readonly method: "likelihoods"; readonly request: LikelihoodRequest };

/** A {@link Generator} without a model. It records its calls and throws when it was not told what to answer. */
export interface FakeGenerator extends Generator {
  readonly calls: readonly FakeGeneratorCall[];
  /** The requests of `generate`, in order. */
  readonly requests: readonly GenerateRequest[];
  readonly disposed: boolean;
  likelihoods(request: LikelihoodRequest): Promise<readonly number[]>;
}

const FRAME_TOKENS = 4;
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const pieces = (text: string) => text.match(/\s*\S+|\s+$/gu) ?? [];

/** The manifest of an adapter that exists only in tests. Its base is the fake model. */
export function fakeAdapter(name: string, overrides: Partial<AdapterManifest> = {}): LoadedAdapter {
  return {
    name,
    manifest: {
      manifestVersion: 1,
      name,
      description: `The fake adapter ${name}`,
      sha256: hash(name),
      base: {
        architecture: "fake",
        blockCount: 1,
        embeddingLength: 8,
        feedForwardLength: 8,
        headCount: 1,
        headCountKv: 1,
        vocabularySize: 8,
        tokenizerSha256: hash("fake tokenizer"),
        chatTemplateSha256: hash("fake template"),
      },
      testedOn: [{ name: "fake", fingerprint: hash("fake model"), quantization: "F32" }],
      rank: 1,
      alpha: 1,
      form: { type: "free" },
      dataset: null,
      heldOut: [],
      created: "2026-01-01",
      reviewBy: "2099-01-01",
      ...overrides,
    },
    warnings: [],
  };
}

/**
 * Makes a {@link FakeGenerator}. It honours stop strings, `maxTokens`, the context length, abort, and the formats JSON
 * and choice.
 */
export function createFakeGenerator(settings: FakeGeneratorSettings = {}): FakeGenerator {
  const model: ModelInfo = {
    name: "fake",
    architecture: "fake",
    quantization: "F32",
    parameters: 8,
    contextLength: 8192,
    fingerprint: hash("fake model"),
    chatTemplateSha256: hash("fake template"),
    tokenizerSha256: hash("fake tokenizer"),
    device: "cpu",
    ...settings.model,
  };
  const adapters = (settings.adapters ?? []).map((each) =>
    typeof each === "string" ? fakeAdapter(each) : each,
  );
  const countText = settings.countTokens ?? ((text: string) => text.match(/\w+|[^\s\w]/gu)?.length ?? 0);
  const calls: FakeGeneratorCall[] = [];
  const inFlight = new Set<Promise<void>>();
  let disposed = false;
  let replied = 0;

  function refuse(code: "invalid_request" | "unknown_adapter", subject: string, reason: string): never {
    throw new BadInputError({ code, subject, reason, nextStep: "Correct it and call again" });
  }

  function check(request: GenerateRequest | LikelihoodRequest): void {
    if (disposed) {
      throw new CancelledError({
        code: "disposed",
        subject: model.name,
        reason: "the generator was disposed",
        nextStep: "Make a new one",
      });
    }
    if (request.messages.length === 0) refuse("invalid_request", "request, messages", "there are none");
    const name = request.adapter?.name;
    if (name !== undefined && !adapters.some((each) => each.name === name)) {
      const names = adapters.map((each) => each.name).join(", ") || "none";
      refuse("unknown_adapter", `adapter ${name}`, `it is not loaded; there are: ${names}`);
    }
    throwIfAborted(request.signal, model.name);
  }

  function countTokens(messages: readonly Message[]): number {
    return messages.reduce((sum, { content }) => sum + FRAME_TOKENS + countText(content), 0);
  }

  async function nextReply(request: GenerateRequest): Promise<Exclude<FakeReply, string>> {
    const { replies } = settings;
    const index = replied++;
    const reply =
      typeof replies === "function"
        ? await replies(request, index)
        : typeof replies === "string"
          ? replies
          : replies?.[index];
    if (reply === undefined) {
      const last = request.messages.at(-1)?.content ?? "";
      throw new Error(`The fake generator was not told what to answer to call ${index + 1}: ${last}`);
    }
    if (reply instanceof Error) throw reply;
    return typeof reply === "string" ? { text: reply } : reply;
  }

  function cutAtStop(text: string, stop: readonly string[] = []): string {
    const cuts = stop.map((each) => text.indexOf(each)).filter((at) => at >= 0);
    return cuts.length ? text.slice(0, Math.min(...cuts)) : text;
  }

  async function* generate(request: GenerateRequest): AsyncGenerator<GenerateEvent, void, undefined> {
    let release = (): void => {};
    const work = new Promise<void>((resolve) => {
      release = resolve;
    });
    inFlight.add(work);
    try {
      calls.push({ method: "generate", request });
      check(request);
      const promptTokens = countTokens(request.messages);
      if (promptTokens >= model.contextLength) {
        throw new ContextError({
          code: "context_exceeded",
          subject: model.name,
          reason: `the prompt has ${promptTokens} tokens and the context holds ${model.contextLength}`,
          nextStep: "Shorten the prompt",
        });
      }
      const start = performance.now();
      const reply = await nextReply(request);
      const { format } = request;
      if (format?.type === "choice" && !format.choices.includes(reply.text)) {
        throw new Error(`The fake generator was told to write what is no choice: ${reply.text}`);
      }
      const whole = pieces(cutAtStop(reply.text, request.stop));
      const written = whole.slice(0, Math.min(request.maxTokens ?? 512, model.contextLength - promptTokens));
      let firstTokenMs = 0;
      for (const [index, text] of written.entries()) {
        await (reply.delayMs ? new Promise((resolve) => setTimeout(resolve, reply.delayMs)) : undefined);
        throwIfAborted(request.signal, model.name);
        if (index === 0) firstTokenMs = performance.now() - start;
        yield { type: "text", text };
        throwIfAborted(request.signal, model.name);
      }
      const text = written.join("");
      const json = request.format?.type === "json" ? parseJson(text, request.format.schema) : undefined;
      const totalMs = performance.now() - start;
      const afterFirst = totalMs - firstTokenMs;
      const result: GenerateResult = {
        text,
        finish: written.length < whole.length ? "length" : "stop",
        ...(json === undefined ? {} : { json: json.value }),
        promptTokens,
        completionTokens: written.length,
        prompt: request.messages.map(({ role, content }) => `<${role}>${content}</${role}>`).join("\n"),
        timings: {
          queueMs: 0,
          firstTokenMs,
          totalMs,
          tokensPerSecond:
            written.length > 1 && afterFirst > 0 ? ((written.length - 1) * 1000) / afterFirst : 0,
        },
        warnings: reply.warnings ?? [],
      };
      yield { type: "done", result };
    } finally {
      inFlight.delete(work);
      release();
    }
  }

  function parseJson(text: string, schema: unknown): { value: unknown } {
    try {
      const value: unknown = JSON.parse(text);
      const parse = (schema as { parse?: (value: unknown) => unknown }).parse;
      return { value: typeof parse === "function" ? parse.call(schema, value) : value };
    } catch (cause) {
      throw new ModelError({
        code: "model_failed",
        subject: model.name,
        reason: "its answer does not fit the JSON schema",
        nextStep: "Tell the fake a reply that fits",
        cause,
      });
    }
  }

  async function likelihoods(request: LikelihoodRequest): Promise<readonly number[]> {
    calls.push({ method: "likelihoods", request });
    check(request);
    const score = settings.likelihood;
    if (!score) throw new Error("The fake generator was not told how likely a candidate is");
    return request.candidates.map((candidate) => score(candidate, request));
  }

  async function dispose(): Promise<void> {
    disposed = true;
    await Promise.all(inFlight);
  }

  return {
    model,
    capabilities: {
      adapters: adapters.length > 0,
      formats: true,
      likelihood: settings.likelihood !== undefined,
    },
    generate,
    countTokens,
    likelihoods,
    adapters: () => adapters,
    dispose,
    [Symbol.asyncDispose]: dispose,
    calls,
    get requests() {
      return calls.flatMap((call) => (call.method === "generate" ? [call.request] : []));
    },
    get disposed() {
      return disposed;
    },
  };
}
