import type { AnswerView, Arm, CitationView, PassageView } from "../../shared/wire.ts";
import { ARM_WORDS } from "../arm-words.ts";
import { BlockedIcon } from "../icons.tsx";
import { ErrorNotice, Warnings } from "../notice.tsx";
import { AnswerText } from "./answer-text.tsx";
import { type ArmState, type ArmStates, isBusy } from "./arm-state.ts";
import { CitationList } from "./citation-list.tsx";
import { Given } from "./given.tsx";
import { Timings } from "./timings.tsx";

export interface ArmColumnProps {
  readonly arm: Arm;
  readonly arms: ArmStates;
  readonly roleLabel: string;
  readonly adapter: string | undefined;
  readonly onOpen: (source: CitationView | PassageView) => void;
}

/** One arm: what it is, its answer as it is written, what it stands on, and where the time went. */
export function ArmColumn({ arm, arms, roleLabel, adapter, onOpen }: ArmColumnProps) {
  const words = ARM_WORDS[arm];
  const state = arms[arm];
  return (
    <article
      class={`arm ${arm}`}
      data-phase={state.phase}
      aria-labelledby={`arm-${arm}`}
      aria-busy={isBusy(state)}
    >
      <header class="arm-head">
        <h2 id={`arm-${arm}`}>{words.name}</h2>
        <span class="phase">{phaseWord(state)}</span>
        <dl class="levers">
          <div class={words.retrieval ? "lever knowledge on" : "lever knowledge"}>
            <dt>knows</dt>
            <dd>{words.retrieval ? `pages open to ${roleLabel}` : "its training only"}</dd>
          </div>
          <div class={words.adapter ? "lever behaviour on" : "lever behaviour"}>
            <dt>speaks</dt>
            <dd>{words.adapter ? (adapter ?? "with its adapter") : "as it was trained"}</dd>
          </div>
        </dl>
        <p class="about">{words.about}</p>
      </header>
      <div class="arm-body">
        <Body state={state} onOpen={onOpen} />
      </div>
      <footer class="arm-foot">
        <Timings arm={arm} arms={arms} />
        {state.answer && <Given answer={state.answer} onOpen={onOpen} />}
      </footer>
    </article>
  );
}

function phaseWord({ phase, passages, answer }: ArmState): string {
  switch (phase) {
    case "idle":
      return "";
    case "reading":
      return passages.length > 0 ? `reading ${passages.length} passages` : "thinking";
    case "answered":
      return answer?.refused ? "refused" : "answered";
    default:
      return phase;
  }
}

interface BodyProps {
  readonly state: ArmState;
  readonly onOpen: ArmColumnProps["onOpen"];
}

function Body({ state, onOpen }: BodyProps) {
  const { answer, text, error } = state;
  return (
    <>
      {answer ? (
        <Finished answer={answer} onOpen={onOpen} />
      ) : (
        text && <AnswerText text={text} citations={[]} onOpen={onOpen} />
      )}
      {error && <ErrorNotice error={error} />}
    </>
  );
}

function Finished({ answer, onOpen }: { readonly answer: AnswerView; readonly onOpen: BodyProps["onOpen"] }) {
  const { text, refused, citations, warnings } = answer;
  return (
    <>
      {refused ? (
        <div class="refusal">
          <BlockedIcon />
          <AnswerText text={text} citations={citations} onOpen={onOpen} />
        </div>
      ) : text.trim() ? (
        <AnswerText text={text} citations={citations} onOpen={onOpen} />
      ) : (
        <p class="empty">It wrote nothing.</p>
      )}
      <CitationList citations={citations} onOpen={onOpen} />
      <Warnings warnings={warnings} />
    </>
  );
}
