import { type Advisor, type Answer, type Passage, type Principal, placeWords } from "@advisor/core";
import { type AnswerView, ARMS, type Arm, type AskEvent, type PassageView } from "../shared/wire.ts";
import { errorView } from "./refuse.ts";

export interface ArmsRequest {
  readonly advisor: Advisor;
  readonly question: string;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  readonly log: (error: unknown) => void;
}

/**
 * Asks one question in all four arms, one after another, so that no arm's timings hold another's work. An arm that
 * fails says so and the next one follows. Once the time is over the remaining arms say that; after any other abort
 * nothing follows, as nobody is there to read it.
 */
export async function* answerArms(request: ArmsRequest): AsyncGenerator<AskEvent> {
  const { signal, log } = request;
  for (const arm of ARMS) {
    if (!signal.aborted) {
      yield { type: "started", arm };
      try {
        yield* answerArm(arm, request);
        continue;
      } catch (error) {
        if (!signal.aborted) {
          yield { type: "error", arm, error: errorView(error, log) };
          continue;
        }
      }
    }
    if (!timedOut(signal)) return;
    yield { type: "error", arm, error: TIME_IS_OVER };
  }
  yield { type: "done" };
}

const TIME_IS_OVER = {
  code: "timeout",
  message: "The time for this question is over. Ask a shorter one, or choose a smaller model.",
};

const timedOut = (signal: AbortSignal) =>
  (signal.reason as { name?: string } | undefined)?.name === "TimeoutError";

async function* answerArm(arm: Arm, request: ArmsRequest): AsyncGenerator<AskEvent> {
  const { advisor, question, principal, signal } = request;
  const events = advisor.stream({ question, mode: arm, principal, includePrompt: true, signal });
  for await (const event of events) {
    switch (event.type) {
      case "passages":
        yield {
          type: "passages",
          arm,
          passages: event.passages.map(passageView),
          retrievalMs: event.retrievalMs,
        };
        break;
      case "text":
        yield { type: "text", arm, text: event.text };
        break;
      case "answer":
        yield { type: "answer", arm, answer: answerView(event.answer) };
        break;
    }
  }
}

function passageView(passage: Passage, index: number): PassageView {
  const { documentId, uri, title, start, end, text } = passage;
  return { n: index + 1, documentId, uri, title, start, end, text };
}

function answerView(answer: Answer): AnswerView {
  const { text, refused, grounding, adapter, citations, passages, prompt, timings, warnings } = answer;
  return {
    text,
    refused,
    ...(grounding && { grounding }),
    ...(adapter && { adapter: adapter.name }),
    citations: citations.map(({ passageId: _, place, ...citation }) => ({
      ...citation,
      ...(place && { place: placeWords(place) }),
    })),
    passages: passages.map(passageView),
    ...(prompt !== undefined && { prompt }),
    timings,
    warnings,
  };
}
