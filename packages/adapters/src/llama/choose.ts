import { throwIfAborted } from "@advisor/contracts";
import type { DecodeOutcome } from "./decode.ts";
import type { LlamaContextSequence, Token } from "./runtime.ts";
import { createTokenTree, type TokenNode } from "./token-tree.ts";

export interface ChooseOptions {
  readonly prompt: readonly Token[];
  /** The texts, with their tokens as they follow the prompt. At least one. */
  readonly choices: readonly { readonly text: string; readonly tokens: readonly Token[] }[];
  /** What the model writes when it ends; null when its vocabulary has no such token. */
  readonly endToken: Token | null;
  readonly temperature: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  /** Names the model in errors. */
  readonly subject: string;
  readonly onText: (text: string) => void;
}

/**
 * Writes exactly one of the texts. Where they part, the model's logits decide; what they share is evaluated in batches
 * (jump-forward decoding, as in SGLang, arXiv:2312.07104), so a single text costs one batch instead of a step a token.
 * What is written is the choice's own text, so no tokeniser can change a character of it.
 *
 * @param sequence an empty one.
 */
export async function choose(sequence: LlamaContextSequence, options: ChooseOptions): Promise<DecodeOutcome> {
  const { prompt, choices, endToken, temperature, signal, subject, onText } = options;
  const { batchSize } = sequence.context;
  const random = createRandom(options.seed);
  const start = performance.now();
  let written = "";
  let completionTokens = 0;

  /** Evaluates tokens batch by batch; returns the logits that the last one gives to `wanted`. */
  async function evaluate(
    tokens: readonly Token[],
    wanted: readonly Token[],
  ): Promise<ReadonlyMap<Token, number>> {
    const deciding = wanted.length > 1;
    const plain = deciding ? tokens.length - 1 : tokens.length;
    for (let at = 0; at < plain; at += batchSize) {
      throwIfAborted(signal, subject);
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, Math.min(plain, at + batchSize)));
    }
    throwIfAborted(signal, subject);
    const last = tokens.at(-1);
    if (!deciding || last === undefined) return new Map();
    const filter = { tokens: [...wanted], includeSelected: true };
    const results = await sequence.controlledEvaluate([
      [last, { generateNext: { token: true, logits: { filter } } }],
    ]);
    const logits = results[0]?.next?.logits;
    if (!logits) throw new Error("the native library returned no logits");
    return logits;
  }

  /** Writes what all texts below `node` begin with. */
  function write(node: TokenNode): void {
    const shared = sharedStart(node.members.map((index) => choices[index]?.text ?? ""));
    if (shared.length <= written.length) return;
    onText(shared.slice(written.length));
    written = shared;
  }

  let node = createTokenTree(choices.map(({ tokens }) => tokens));
  let firstAt: number | undefined;
  let firstTokens = 0;
  let pending = [...prompt];
  while (pending.length > 0) {
    // What follows without a fork is evaluated in one go with what stands before it.
    let ways = waysOn(node, endToken);
    for (let only = onlyChild(node, ways); only; only = onlyChild(node, ways)) {
      pending.push(only.token);
      completionTokens++;
      node = only.child;
      ways = waysOn(node, endToken);
    }
    const logits = await evaluate(pending, ways);
    if (firstAt === undefined) {
      firstAt = performance.now();
      firstTokens = completionTokens;
    }
    write(node);
    const next = ways.length > 1 ? pick(ways, logits, temperature, random) : undefined;
    const child = next === undefined ? undefined : node.children.get(next);
    pending = [];
    if (next === undefined || !child) continue;
    pending.push(next);
    completionTokens++;
    node = child;
  }
  const text = choices[node.ends[0] ?? node.members[0] ?? 0]?.text ?? "";
  if (text.length > written.length) onText(text.slice(written.length));
  const end = performance.now();
  const afterFirst = completionTokens - firstTokens;
  return {
    text,
    finish: "stop",
    completionTokens,
    firstTokenMs: (firstAt ?? end) - start,
    totalMs: end - start,
    tokensPerSecond: afterFirst > 0 ? (afterFirst * 1000) / (end - (firstAt ?? start)) : 0,
  };
}

/** The child that must come next, where there is one way on. */
function onlyChild(node: TokenNode, ways: readonly Token[]) {
  const [token] = ways;
  const child = ways.length === 1 && token !== undefined ? node.children.get(token) : undefined;
  return child && token !== undefined ? { token, child } : undefined;
}

/** The tokens that may come next: the children's, and the end where a text ends before its longer namesakes. */
function waysOn(node: TokenNode, endToken: Token | null): Token[] {
  const ways = [...node.children.keys()];
  if (node.ends.length > 0 && ways.length > 0 && endToken !== null) ways.push(endToken);
  return ways;
}

function pick(
  ways: readonly Token[],
  logits: ReadonlyMap<Token, number>,
  temperature: number,
  random: () => number,
): Token | undefined {
  const scored = ways.map((token) => ({ token, logit: logits.get(token) ?? Number.NEGATIVE_INFINITY }));
  const best = scored.reduce((a, b) => (b.logit > a.logit ? b : a));
  if (temperature === 0) return best.token;
  const weights = scored.map(({ logit }) => Math.exp((logit - best.logit) / temperature));
  let point = random() * weights.reduce((a, b) => a + b, 0);
  for (const [index, { token }] of scored.entries()) {
    point -= weights[index] as number;
    if (point < 0) return token;
  }
  return best.token;
}

/** The longest start that all texts share, which never ends inside a surrogate pair. */
function sharedStart(texts: readonly string[]): string {
  const [model = "", ...others] = texts;
  let length = model.length;
  for (const other of others) {
    let at = 0;
    while (at < length && model[at] === other[at]) at++;
    length = at;
  }
  if (length < model.length && /[\ud800-\udbff]/.test(model[length - 1] ?? "")) length--;
  return model.slice(0, length);
}

/** Mulberry32: a generator of numbers in [0, 1) from a 32-bit seed (Tommy Ettinger, public domain). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
