import {
  type AnswerView,
  ARMS,
  type Arm,
  type AskEvent,
  type ErrorView,
  type PassageView,
} from "../../shared/wire.ts";

/** Where an arm stands with the question in hand. */
export interface ArmState {
  readonly phase: "idle" | "waiting" | "reading" | "writing" | "answered" | "failed" | "stopped";
  /** As streamed so far; the answer's own text once it is there. */
  readonly text: string;
  readonly passages: readonly PassageView[];
  readonly answer?: AnswerView;
  readonly error?: ErrorView;
}

export type ArmStates = Readonly<Record<Arm, ArmState>>;

const every = (state: ArmState): ArmStates =>
  Object.fromEntries(ARMS.map((arm) => [arm, state])) as Record<Arm, ArmState>;

const EMPTY = { text: "", passages: [] } as const;
export const idleArms: ArmStates = every({ phase: "idle", ...EMPTY });
export const waitingArms: ArmStates = every({ phase: "waiting", ...EMPTY });

export const isBusy = ({ phase }: ArmState): boolean => phase === "reading" || phase === "writing";
const isOver = ({ phase }: ArmState): boolean => phase === "answered" || phase === "failed";

/** The arms after one more line of the stream. */
export function applyEvent(arms: ArmStates, event: AskEvent): ArmStates {
  if (event.type === "done") return arms;
  return { ...arms, [event.arm]: next(arms[event.arm], event) };
}

function next(state: ArmState, event: Exclude<AskEvent, { type: "done" }>): ArmState {
  switch (event.type) {
    case "started":
      return { phase: "reading", ...EMPTY };
    case "passages":
      return { ...state, passages: event.passages };
    case "text":
      return { ...state, phase: "writing", text: state.text + event.text };
    case "answer":
      return {
        phase: "answered",
        text: event.answer.text,
        passages: event.answer.passages,
        answer: event.answer,
      };
    case "error":
      return { ...state, phase: "failed", error: event.error };
  }
}

/** The arms when nothing more will come: what is not over was stopped. */
export function stopArms(arms: ArmStates): ArmStates {
  const stopped = ARMS.map((arm) => [
    arm,
    isOver(arms[arm]) ? arms[arm] : { ...arms[arm], phase: "stopped" },
  ]);
  return Object.fromEntries(stopped) as Record<Arm, ArmState>;
}
