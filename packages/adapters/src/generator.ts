import { randomInt } from "node:crypto";
import {
  type AdapterSelection,
  BadInputError,
  CancelledError,
  ContextError,
  type GenerateEvent,
  type GenerateRequest,
  type GenerateResult,
  type Generator,
  type LikelihoodRequest,
  type LoadedAdapter,
  type Message,
  type ModelInfo,
  parseInput,
  throwIfAborted,
  type Warning,
} from "@advisor/contracts";
import { compileFormat } from "./format/compile-format.ts";
import type { AdapterPool, Lease, PoolKey } from "./llama/adapter-pool.ts";
import { choose } from "./llama/choose.ts";
import { decode } from "./llama/decode.ts";
import { createEventChannel } from "./llama/event-channel.ts";
import { likelihoods } from "./llama/likelihood.ts";
import { type LlamaModel, type LlamaRuntime, nativeError } from "./llama/runtime.ts";
import type { ChatTemplate } from "./prompt/chat-template.ts";
import type { PromptTokenizer, TokenizedPrompt } from "./prompt/tokenize.ts";
import { generateRequestSchema, likelihoodRequestSchema, type ParsedGenerateRequest } from "./request.ts";

/** The parts a generator is made of. It owns them: disposing it frees them. */
export interface GeneratorParts {
  readonly info: ModelInfo;
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly template: ChatTemplate;
  readonly tokenizer: PromptTokenizer;
  readonly pool: AdapterPool;
  readonly adapters: readonly LoadedAdapter[];
  readonly disposeParts: () => Promise<void>;
}

const NO_WARNINGS: readonly Warning[] = [];

/** The {@link Generator} made of these parts. */
export function createGenerator(parts: GeneratorParts): Generator {
  const { info, runtime, model, template, tokenizer, pool, adapters } = parts;
  let disposing: Promise<void> | undefined;

  function keyOf(selection: AdapterSelection | undefined): PoolKey {
    if (!selection) return "base";
    if (!adapters.some(({ name }) => name === selection.name)) {
      const names = adapters.map(({ name }) => name).join(", ");
      throw new BadInputError({
        code: "unknown_adapter",
        subject: `adapter ${selection.name}`,
        reason: names ? `it is not loaded; there are: ${names}` : "it is not loaded, and no adapter is",
        nextStep: "Name a loaded adapter, or load this one",
      });
    }
    return { adapter: selection.name, scale: selection.scale ?? 1 };
  }

  function prepare(messages: readonly Message[]): TokenizedPrompt & { readonly text: string } {
    const rendered = template.render(messages);
    const prompt = { ...tokenizer.tokenize(rendered), text: rendered.text };
    // The last cell of a context stays free: node-llama-cpp would erase the beginning to get one.
    if (prompt.tokens.length > info.contextLength - 1) {
      throw new ContextError({
        code: "context_exceeded",
        subject: info.name,
        reason: `the prompt has ${prompt.tokens.length} tokens, and the context holds ${info.contextLength}`,
        nextStep: "Shorten the prompt, or load the model with a larger contextLength",
      });
    }
    return prompt;
  }

  /** Texts as they follow the prompt, all of which must fit the context behind it. */
  function tokenizeReplies(prompt: TokenizedPrompt, texts: readonly string[]) {
    const replies = texts.map((text) => ({
      text,
      tokens: tokenizer.tokenizeReply(prompt, text),
    }));
    const longest = Math.max(0, ...replies.map(({ tokens }) => tokens.length));
    if (prompt.tokens.length + longest > info.contextLength - 1) {
      throw new ContextError({
        code: "context_exceeded",
        subject: info.name,
        reason: `the prompt has ${prompt.tokens.length} tokens, the longest text ${longest}, and the context holds ${info.contextLength}`,
        nextStep: "Shorten the prompt or the texts",
      });
    }
    return replies;
  }

  function throwIfDisposed(): void {
    if (!disposing) return;
    throw new CancelledError({
      code: "disposed",
      subject: info.name,
      reason: "the model was disposed",
      nextStep: "Load it again",
    });
  }

  async function acquire(key: PoolKey, signal: AbortSignal | undefined): Promise<Lease> {
    throwIfAborted(signal, info.name);
    try {
      return await pool.acquire(key, signal);
    } catch (cause) {
      throwIfAborted(signal, info.name);
      throw cause;
    }
  }

  async function run(
    request: ParsedGenerateRequest,
    signal: AbortSignal,
    onText: (text: string) => void,
  ): Promise<GenerateResult> {
    throwIfDisposed();
    throwIfAborted(signal, info.name);
    const key = keyOf(request.adapter as AdapterSelection | undefined);
    const choices = request.format?.type === "choice" ? request.format.choices : undefined;
    const format =
      request.format && request.format.type !== "choice" ? compileFormat(request.format) : undefined;
    const prompt = prepare(request.messages);
    const room = info.contextLength - prompt.tokens.length;
    const tokenizedChoices = choices && tokenizeReplies(prompt, [...new Set(choices)]);
    const asked = performance.now();
    const lease = await acquire(key, signal);
    const queueMs = performance.now() - asked;
    try {
      const common = {
        prompt: prompt.tokens,
        temperature: request.temperature,
        seed: request.seed ?? randomInt(0xffff_ffff),
        signal,
        onText,
      };
      const outcome = tokenizedChoices
        ? await choose(lease.sequence, {
            ...common,
            choices: tokenizedChoices,
            endToken: model.tokens.eot ?? model.tokens.eos,
            subject: info.name,
          })
        : await decode(model, lease.sequence, {
            ...common,
            maxTokens: Math.min(request.maxTokens, room),
            topP: request.topP,
            topK: request.topK,
            stop: request.stop,
            grammar: format && (await runtime.createGrammarState(runtime, model, format.grammar)),
            endTokens: tokenizer.endTokens,
          });
      const { text, finish, completionTokens, ...timings } = outcome;
      const json = format?.parse?.(text, finish, info.name);
      const warnings = [...template.warnings, ...warningsOf(request.adapter?.name)];
      if (finish === "length" && request.maxTokens > room) {
        warnings.push({
          code: "max_tokens_clamped",
          message: `The answer was cut after ${room} tokens, when the context was full; maxTokens is ${request.maxTokens}.`,
        });
      }
      return {
        text,
        finish,
        ...(json && { json: json.value }),
        promptTokens: prompt.tokens.length,
        completionTokens,
        prompt: prompt.text,
        timings: { queueMs, ...timings },
        warnings,
      };
    } catch (cause) {
      throw asAdvisorError(cause, "generation");
    } finally {
      await lease.release();
    }
  }

  function warningsOf(name: string | undefined): readonly Warning[] {
    return adapters.find((adapter) => adapter.name === name)?.warnings ?? NO_WARNINGS;
  }

  function asAdvisorError(cause: unknown, doing: string): unknown {
    return nativeError(runtime, info.name, doing, cause);
  }

  async function* generate(input: GenerateRequest): AsyncGenerator<GenerateEvent, void, undefined> {
    const request = parseInput(generateRequestSchema, input, "generate request");
    // Leaving the loop early aborts the work like the caller's own signal does.
    const left = new AbortController();
    const signal = request.signal ? AbortSignal.any([request.signal, left.signal]) : left.signal;
    const channel = createEventChannel<GenerateEvent>();
    const work = run(request, signal, (text) => channel.push({ type: "text", text })).then(
      (result) => {
        channel.push({ type: "done", result });
        channel.end();
      },
      (cause: unknown) => channel.fail(cause),
    );
    try {
      yield* channel;
    } finally {
      left.abort();
      await work;
    }
  }

  async function dispose(): Promise<void> {
    disposing ??= pool.dispose().then(parts.disposeParts);
    await disposing;
  }

  return {
    model: info,
    capabilities: { adapters: true, formats: true, likelihood: true },
    generate,
    countTokens(messages) {
      throwIfDisposed();
      return tokenizer.tokenize(template.render(messages)).tokens.length;
    },
    async likelihoods(input: LikelihoodRequest) {
      const request = parseInput(likelihoodRequestSchema, input, "likelihood request");
      throwIfDisposed();
      const key = keyOf(request.adapter as AdapterSelection | undefined);
      const prompt = prepare(request.messages);
      const candidates = tokenizeReplies(prompt, request.candidates).map(({ tokens }) => tokens);
      const lease = await acquire(key, request.signal);
      try {
        return await likelihoods(lease.sequence, prompt.tokens, candidates, request.signal, info.name);
      } catch (cause) {
        throw asAdvisorError(cause, "scoring");
      } finally {
        await lease.release();
      }
    },
    adapters: () => adapters,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
