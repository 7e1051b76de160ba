import { ContextError, type Generator, type Message, type Passage, type Warning } from "@advisor/contracts";

export interface FitRequest {
  readonly model: Pick<Generator, "countTokens"> & {
    readonly model: { readonly name: string; readonly contextLength: number };
  };
  readonly passages: readonly Passage[] | undefined;
  readonly history: readonly Message[];
  /** Tokens wanted for the answer. At most half of the window is kept for it. */
  readonly maxTokens: number;
  /** How many of the passages, from the first, the prompt's layout can hold; default all. */
  readonly layoutHolds?: number | undefined;
  readonly layOut: (passages: readonly Passage[] | undefined, history: readonly Message[]) => Message[];
}

export interface FittedPrompt {
  readonly messages: readonly Message[];
  /** The passages that stand in the prompt: the first ones, whole. */
  readonly passages: readonly Passage[];
  readonly promptTokens: number;
  readonly warnings: readonly Warning[];
}

/**
 * Makes a prompt fit the context window, with room for the answer: first the oldest turns go, then whole passages from
 * the end, each with a warning. Nothing is ever cut.
 *
 * @throws ContextError when the question alone, or the question and the first passage, do not fit.
 */
export function fitPrompt(request: FitRequest): FittedPrompt {
  const { model, passages } = request;
  const window = model.model.contextLength;
  const budget = window - Math.min(request.maxTokens, Math.floor(window / 2));
  // Rendering and tokenising a long prompt costs milliseconds, and the same one is asked about more than once.
  const counted = new Map<string, number>();
  const count = (kept: number, turns: readonly Message[]): number => {
    const key = `${kept}/${turns.length}`;
    const known = counted.get(key);
    if (known !== undefined) return known;
    const tokens = model.countTokens(request.layOut(passages?.slice(0, kept), turns));
    counted.set(key, tokens);
    return tokens;
  };

  const found = passages?.length ?? 0;
  const all = Math.min(found, request.layoutHolds ?? found);
  const history = keepNewest(request.history, (turns) => count(all, turns) <= budget);
  const kept = largest(all, (each) => count(each, history) <= budget);
  if (kept === undefined || (all > 0 && kept === 0))
    throw tooLong(request, budget, count(kept === undefined ? 0 : 1, []));

  const inPrompt = passages?.slice(0, kept);
  const messages = request.layOut(inPrompt, history);
  const warnings: Warning[] = [];
  const turnsDropped = request.history.length - history.length;
  if (turnsDropped > 0) {
    warnings.push({
      code: "history_dropped",
      message: `The ${turnsDropped} oldest of ${request.history.length} earlier turns do not fit the context window of ${window} tokens and were left out`,
    });
  }
  if (kept < found) {
    const names = (passages ?? [])
      .slice(kept)
      .map((passage, index) => `[${kept + index + 1}] ${passage.uri}`);
    warnings.push({
      code: "passages_dropped",
      message: `${found - kept} of ${found} passages ${
        kept < all
          ? `do not fit the context window of ${window} tokens`
          : `hold more sentences than ${model.model.name} tells apart`
      } and were left out: ${names.join(", ")}`,
    });
  }
  return { messages, passages: inPrompt ?? [], promptTokens: count(kept, history), warnings };
}

/** The longest tail of turns that fits, beginning with a user turn; none when nothing does (passages may then go). */
function keepNewest(
  history: readonly Message[],
  fits: (turns: readonly Message[]) => boolean,
): readonly Message[] {
  const starts = history.flatMap(({ role }, index) => (role === "user" ? [index] : []));
  const tail = (turns: number) => (turns === 0 ? [] : history.slice(starts[starts.length - turns]));
  return tail(largest(starts.length, (turns) => fits(tail(turns))) ?? 0);
}

/** The largest number from 0 to `limit` for which `fits` holds, given that it holds for every smaller one too. */
function largest(limit: number, fits: (n: number) => boolean): number | undefined {
  if (fits(limit)) return limit;
  let low = -1;
  let high = limit;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low < 0 ? undefined : low;
}

function tooLong({ model, passages }: FitRequest, budget: number, needed: number): ContextError {
  const { name, contextLength } = model.model;
  return new ContextError({
    code: "context_exceeded",
    subject: passages?.length ? "The question with its first passage" : "The question",
    reason: `it makes a prompt of ${needed} tokens, and the context window of ${name} (${contextLength}) leaves ${budget} beside the answer`,
    nextStep: "Ask a shorter question, raise contextLength, or lower maxTokens",
  });
}
