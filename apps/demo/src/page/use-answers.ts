import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { RoleId } from "../shared/roles.ts";
import type { AnswerView, ErrorView } from "../shared/wire.ts";
import { type ArmStates, applyEvent, idleArms, stopArms, waitingArms } from "./answer/arm-state.ts";
import { ask, errorOf } from "./api.ts";
import { ARM_WORDS } from "./arm-words.ts";

export interface Answers {
  /** The question in hand, and who asks it. Absent before the first one. */
  readonly asked?: { readonly question: string; readonly role: RoleId };
  readonly arms: ArmStates;
  readonly running: boolean;
  /** Why there is no answer at all. An arm's own error stands in its place. */
  readonly error?: ErrorView;
  /** What the retrieval arm answered to this question, by the role that asked. */
  readonly byRole: Readonly<Partial<Record<RoleId, AnswerView>>>;
  /** The newest thing worth saying to someone who does not see the page. */
  readonly news: string;
}

const NOTHING: Answers = { arms: idleArms, running: false, byRole: {}, news: "" };

/** Asks, takes in the stream, and lets a new question overtake the old one. */
export function useAnswers(): {
  answers: Answers;
  submit: (question: string, role: RoleId) => void;
  stop: () => void;
} {
  const [answers, setAnswers] = useState(NOTHING);
  const current = useRef<AbortController | undefined>(undefined);

  const submit = useCallback((question: string, role: RoleId) => {
    current.current?.abort();
    const abort = new AbortController();
    current.current = abort;
    const update = (change: (answers: Answers) => Answers) => {
      if (current.current === abort) setAnswers(change);
    };
    setAnswers((before) => ({
      asked: { question, role },
      arms: waitingArms,
      running: true,
      byRole: before.asked?.question === question ? before.byRole : {},
      news: "",
    }));
    void (async () => {
      try {
        for await (const event of ask({ question, role }, abort.signal)) {
          update((before) => ({
            ...before,
            arms: applyEvent(before.arms, event),
            ...(event.type === "answer" && {
              news: `${ARM_WORDS[event.arm].name}: ${event.answer.text}`,
              ...(event.arm === "retrieval" && { byRole: { ...before.byRole, [role]: event.answer } }),
            }),
            ...(event.type === "error" && {
              news: `${ARM_WORDS[event.arm].name} failed: ${event.error.message}`,
            }),
          }));
        }
      } catch (error) {
        if (!abort.signal.aborted) update((before) => ({ ...before, error: errorOf(error) }));
      }
      update((before) => ({ ...before, arms: stopArms(before.arms), running: false }));
    })();
  }, []);

  const stop = useCallback(() => {
    current.current?.abort();
    current.current = undefined;
    setAnswers((before) => ({ ...before, arms: stopArms(before.arms), running: false, news: "Stopped." }));
  }, []);

  useEffect(() => () => current.current?.abort(), []);
  return { answers, submit, stop };
}
