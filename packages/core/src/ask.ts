import {
  type Answer,
  type AnswerEvent,
  BadInputError,
  cancelledError,
  DEFAULT_PRINCIPAL,
  type Embedder,
  type Generator,
  type Grounding,
  type Mode,
  type Passage,
  type Retriever,
  type SearchTimings,
  throwIfAborted,
  usesSources,
  type Warning,
} from "@advisor/contracts";
import { type AdapterChoice, checkAdapterUse, chooseAdapter, defaultAdapter } from "./adapter-choice.ts";
import type { ParsedAskRequest } from "./ask-request.ts";
import { type FollowUp, resolveFollowUp } from "./conversation/follow-up.ts";
import type { ModelProfile } from "./model-profile.ts";
import { type FittedPrompt, fitPrompt } from "./prompt/fit.ts";
import { countHeld, layOutPrompt, normaliseHistory } from "./prompt/layout.ts";
import type { ParsedSettings } from "./settings.ts";
import { writeFreely } from "./write-freely.ts";
import { writeQuoted } from "./write-quoted.ts";
import { refuse, type Written } from "./written.ts";

const ASK_AGAIN = "Ask again when you want an answer";

/** The parts a question passes through. Each loads on first use. */
export interface AskParts {
  profile(): Promise<ModelProfile>;
  generator(): Promise<Generator>;
  embedder(): Promise<Embedder>;
  retriever(): Promise<Retriever>;
}

/** Time and names come from outside, so that tests can fix them. */
export interface Environment {
  /** Milliseconds, rising. */
  now(): number;
  newId(): string;
}

export interface AskContext {
  readonly settings: ParsedSettings;
  readonly parts: AskParts;
  readonly environment: Environment;
  /** Whether anybody reads the text while it is written. */
  readonly listens: boolean;
}

/** A question with all that is decided and found before the model writes. */
export interface PreparedQuestion {
  readonly request: ParsedAskRequest;
  readonly mode: Mode;
  readonly grounding: Grounding | undefined;
  readonly profile: ModelProfile;
  readonly generator: Generator;
  readonly adapter: AdapterChoice | undefined;
  readonly followUp: FollowUp;
  /** The passages that stand in the prompt. */
  readonly passages: readonly Passage[];
  readonly prompt: FittedPrompt;
  readonly signal: AbortSignal;
  readonly listens: boolean;
  readonly parts: Pick<AskParts, "embedder">;
  now(): number;
}

/**
 * The pipeline of all four arms: who asks and what steers is fixed first, then the sources are searched and laid out,
 * then the model writes under the chosen grounding. Ends with one `answer` event; leaving early aborts the work.
 */
export async function* answerEvents(
  context: AskContext,
  request: ParsedAskRequest,
): AsyncGenerator<AnswerEvent, void, undefined> {
  const { parts, environment, settings } = context;
  const start = environment.now();
  const leaving = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, leaving.signal]) : leaving.signal;
  try {
    throwIfAborted(signal, "ask", ASK_AGAIN);
    const mode = request.mode ?? settings.mode;
    checkUse(mode, request);
    // The model loads while its card is read and the sources are searched.
    const loading = parts.generator();
    loading.catch(() => undefined);
    const profile = await parts.profile();
    const grounding = chooseGrounding(mode, request, settings, profile);

    const followUp = resolveFollowUp(request.question, request.history);
    const found = usesSources(mode) ? await search(context, request, followUp, signal) : undefined;
    const generator = await untilAborted(loading, signal);
    const byDefault = defaultAdapter(settings, profile, generator.adapters());
    const adapter = chooseAdapter(mode, request.adapter, byDefault, generator);

    const warnings: Warning[] = [...(found?.warnings ?? []), ...(adapter?.loaded.warnings ?? [])];
    let written: Written;
    let passages: readonly Passage[] = [];
    const form = adapter?.loaded.manifest.form;
    const nothing = found?.passages.length === 0;
    // A JSON form has no words of ours to put the refusal in: there the model writes it, and can write nothing else.
    const restricted = form?.type === "json" && generator.capabilities.formats && !request.format;
    if (found && nothing && !restricted) {
      yield { type: "passages", passages, retrievalMs: found.retrievalMs };
      written = yield* refuse(profile.promptFormat, form);
    } else {
      const prompt = fit(request, profile, generator, found?.passages, followUp, grounding);
      passages = prompt.passages;
      warnings.push(...prompt.warnings);
      if (found) yield { type: "passages", passages, retrievalMs: found.retrievalMs };
      const prepared: PreparedQuestion = {
        request,
        mode,
        grounding,
        profile,
        generator,
        adapter,
        followUp,
        passages,
        prompt,
        signal,
        listens: context.listens,
        parts,
        now: environment.now,
      };
      written = yield* grounding === "quoted" || nothing ? writeQuoted(prepared) : writeFreely(prepared);
    }
    warnings.push(...written.warnings);

    const { result } = written;
    const answer: Answer = {
      id: environment.newId(),
      text: written.text,
      refused: written.refused,
      mode,
      ...(grounding ? { grounding } : {}),
      ...(adapter ? { adapter: adapter.selection } : {}),
      citations: written.citations,
      passages,
      ...(request.asOf ? { asOf: request.asOf.toISOString() } : {}),
      ...(found && followUp.changed ? { searchedFor: followUp.text } : {}),
      ...(result?.json === undefined ? {} : { json: result.json }),
      ...(request.includePrompt && result ? { prompt: result.prompt } : {}),
      timings: {
        retrievalMs: found?.retrievalMs ?? 0,
        ...(found && { search: found.timings }),
        groundingMs: written.groundingMs,
        promptTokens: result?.promptTokens ?? 0,
        completionTokens: result?.completionTokens ?? 0,
        queueMs: result?.timings.queueMs ?? 0,
        firstTokenMs: result?.timings.firstTokenMs ?? 0,
        generationMs: result?.timings.totalMs ?? 0,
        tokensPerSecond: result?.timings.tokensPerSecond ?? 0,
        totalMs: environment.now() - start,
      },
      warnings: unique(warnings),
    };
    yield { type: "answer", answer };
  } finally {
    leaving.abort();
  }
}

/** Wrong use that can be told without loading anything. */
function checkUse(mode: Mode, request: ParsedAskRequest): void {
  checkAdapterUse(mode, request.adapter);
  if (request.asOf && !usesSources(mode)) {
    throw new BadInputError({
      code: "invalid_request",
      subject: "ask request, asOf",
      reason: `the mode ${mode} has no sources that could be of another time`,
      nextStep: `Use the mode ${mode === "adapter" ? "hybrid" : "retrieval"}, or leave asOf out`,
    });
  }
  if (request.filter && !usesSources(mode)) {
    throw new BadInputError({
      code: "invalid_request",
      subject: "ask request, filter",
      reason: `the mode ${mode} has no sources to choose from`,
      nextStep: `Use the mode ${mode === "adapter" ? "hybrid" : "retrieval"}, or leave the filter out`,
    });
  }
  if (request.grounding && !usesSources(mode)) {
    throw new BadInputError({
      code: "invalid_request",
      subject: "ask request, grounding",
      reason: `the mode ${mode} has no sources, so nothing can be ${request.grounding}`,
      nextStep: `Use the mode ${mode === "adapter" ? "hybrid" : "retrieval"}, or leave grounding out`,
    });
  }
}

function chooseGrounding(
  mode: Mode,
  request: ParsedAskRequest,
  settings: ParsedSettings,
  profile: ModelProfile,
): Grounding | undefined {
  if (!usesSources(mode)) return undefined;
  const grounding = request.grounding ?? settings.grounding ?? profile.grounding;
  if (grounding === "quoted" && request.format) {
    throw new BadInputError({
      code: "invalid_request",
      subject: "ask request, format",
      reason: "quoted grounding restricts the answer already, so it takes no format",
      nextStep: 'Set grounding to "cited", or leave the format out',
    });
  }
  return grounding;
}

interface Found {
  readonly passages: readonly Passage[];
  readonly warnings: readonly Warning[];
  readonly timings: SearchTimings;
  readonly retrievalMs: number;
}

async function search(
  { parts, settings, environment }: AskContext,
  request: ParsedAskRequest,
  followUp: FollowUp,
  signal: AbortSignal,
): Promise<Found> {
  const retriever = await untilAborted(parts.retriever(), signal);
  const start = environment.now();
  const { passages, warnings, timings } = await retriever.search({
    query: followUp.text,
    // Bound here, from trusted code alone: neither the question nor the history is looked at.
    principal: request.principal ?? settings.principal ?? DEFAULT_PRINCIPAL,
    topK: request.topK ?? settings.topK,
    mode: request.searchMode,
    ...(request.asOf && { asOf: request.asOf }),
    ...(request.filter && { filter: request.filter }),
    ...(request.neighbours && { neighbours: request.neighbours }),
    signal,
  });
  return { passages, warnings, timings, retrievalMs: environment.now() - start };
}

function fit(
  request: ParsedAskRequest,
  profile: ModelProfile,
  generator: Generator,
  passages: readonly Passage[] | undefined,
  followUp: FollowUp,
  grounding: Grounding | undefined,
): FittedPrompt {
  const { promptFormat } = profile;
  // Under quoted a scorer chooses, and no sentence needs a letter.
  const pointing = passages && grounding !== "quoted";
  // A model that knows no conversations gets the question with the words it leans on instead of the turns.
  const turns = promptFormat.conversation ?? true;
  return fitPrompt({
    model: generator,
    passages,
    history: turns ? normaliseHistory(request.history) : [],
    maxTokens: request.maxTokens,
    layoutHolds: pointing ? countHeld(promptFormat, passages) : undefined,
    layOut: (shown, history) =>
      layOutPrompt(promptFormat, {
        question: turns ? request.question : followUp.text,
        passages: shown,
        history,
      }),
  });
}

function unique(warnings: readonly Warning[]): Warning[] {
  const seen = new Map(warnings.map((warning) => [`${warning.code}\n${warning.message}`, warning]));
  return [...seen.values()];
}

/** Waits for a part that others may be waiting for too: aborting stops the waiting, not the loading. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  throwIfAborted(signal, "ask", ASK_AGAIN);
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelledError(signal, "ask", ASK_AGAIN));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
