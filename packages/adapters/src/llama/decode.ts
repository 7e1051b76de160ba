import { throwIfAborted } from "@advisor/contracts";
import type { LlamaContextSequence, LlamaGrammarEvaluationState, LlamaModel, Token } from "./runtime.ts";
import { createStopFilter, createTextStream } from "./text-stream.ts";

export interface DecodeOptions {
  readonly prompt: readonly Token[];
  /** At least 1, and no more than fit the context after the prompt. */
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly seed: number;
  readonly stop: readonly string[];
  readonly grammar: LlamaGrammarEvaluationState | undefined;
  readonly endTokens: ReadonlySet<Token>;
  readonly signal: AbortSignal | undefined;
  readonly onText: (text: string) => void;
}

export interface DecodeOutcome {
  readonly text: string;
  readonly finish: "stop" | "length";
  readonly completionTokens: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly tokensPerSecond: number;
}

/** Evaluates the prompt on an empty sequence and writes up to `maxTokens` tokens. */
export async function decode(
  model: LlamaModel,
  sequence: LlamaContextSequence,
  options: DecodeOptions,
): Promise<DecodeOutcome> {
  const { prompt, maxTokens, signal, onText, endTokens } = options;
  const subject = model.filename ?? "model";
  const textStream = createTextStream(model, prompt.slice(-8));
  const stopFilter = createStopFilter(options.stop);
  const { batchSize } = sequence.context;
  const start = performance.now();
  let first = start;
  let last = start;
  let text = "";
  let completionTokens = 0;
  let finish: DecodeOutcome["finish"] = "stop";
  let stopped = false;

  function write(piece: string): void {
    if (piece === "") return;
    text += piece;
    onText(piece);
  }

  // Whole batches of a long prompt are evaluated one by one, so that an abort need not wait for all of them.
  let evaluated = 0;
  while (prompt.length - evaluated > batchSize) {
    throwIfAborted(signal, subject);
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(evaluated, evaluated + batchSize));
    evaluated += batchSize;
  }
  throwIfAborted(signal, subject);
  const rest = evaluated === 0 ? (prompt as Token[]) : prompt.slice(evaluated);
  const tokens = sequence.evaluateWithMetadata(
    rest,
    {},
    {
      temperature: options.temperature,
      topK: options.topK,
      topP: options.topP,
      seed: options.seed,
      yieldEogToken: true,
      ...(options.grammar && { grammarEvaluationState: options.grammar }),
    },
  );
  for await (const { token } of tokens) {
    throwIfAborted(signal, subject);
    const now = performance.now();
    if (first === start) first = now;
    if (endTokens.has(token) || model.isEogToken(token)) break;
    last = now;
    completionTokens++;
    const piece = stopFilter.push(textStream.push(token));
    write(piece.text);
    stopped = piece.stopped;
    if (stopped) break;
    if (completionTokens >= maxTokens) {
      finish = "length";
      break;
    }
  }
  if (!stopped) {
    const flushed = stopFilter.push(textStream.flush());
    write(flushed.text);
    if (flushed.stopped) finish = "stop";
    else write(stopFilter.flush());
  }
  const end = performance.now();
  const decodeMs = last - first;
  return {
    text,
    finish,
    completionTokens,
    firstTokenMs: first - start,
    totalMs: end - start,
    tokensPerSecond: completionTokens > 1 && decodeMs > 0 ? ((completionTokens - 1) * 1000) / decodeMs : 0,
  };
}
