import { useMemo, useRef, useState } from "preact/hooks";
import type { RoleId } from "../shared/roles.ts";
import { ARMS, type CitationView, type PageView, type PassageView } from "../shared/wire.ts";
import { ArmColumn } from "./answer/arm-column.tsx";
import type { ArmStates } from "./answer/arm-state.ts";
import { AskForm } from "./ask/ask-form.tsx";
import { RoleSwitch } from "./ask/role-switch.tsx";
import { Masthead } from "./masthead.tsx";
import { ErrorNotice, Warnings } from "./notice.tsx";
import { Shelf } from "./shelf/shelf.tsx";
import { SourceDialog, type SourceTarget } from "./source/source-dialog.tsx";
import { useAnswers } from "./use-answers.ts";
import { useSetup } from "./use-setup.ts";

/** Parameters under which a model understands little beyond the words it sees. */
const SMALL_MODEL = 100_000_000;

export function App() {
  const { setup, shelves, error } = useSetup();
  const { answers, submit, stop } = useAnswers();
  const [role, setRole] = useState<RoleId>("employee");
  const [question, setQuestion] = useState("");
  const [target, setTarget] = useState<SourceTarget>();
  const arms = useRef<HTMLElement>(null);
  const used = useMemo(() => usedDocuments(answers.arms), [answers.arms]);

  const roleLabel = setup?.roles.find(({ id }) => id === role)?.label ?? role;
  const open = (source: CitationView | PassageView) => {
    if (source.documentId) setTarget({ ...source, documentId: source.documentId, title: source.title ?? "" });
  };
  const openPage = ({ id, title }: PageView) => setTarget({ documentId: id, title });

  return (
    <>
      <a class="skip" href="#answers">
        Skip to the answers
      </a>
      <Masthead setup={setup} />
      <main>
        {error && <ErrorNotice error={error} />}
        {setup && <Warnings warnings={setup.warnings} />}
        <div class="desk">
          <AskForm
            question={question}
            samples={setup?.samples ?? []}
            running={answers.running}
            onChange={setQuestion}
            onAsk={(text) => {
              submit(text, role);
              bringIntoView(arms.current);
            }}
            onStop={stop}
          />
          <RoleSwitch
            roles={setup?.roles ?? []}
            role={role}
            shelves={shelves}
            byRole={answers.byRole}
            onChange={(next) => {
              setRole(next);
              if (answers.asked) submit(answers.asked.question, next);
            }}
          />
        </div>
        <Shelf
          shelves={shelves}
          role={role}
          roleLabel={roleLabel}
          read={used.read}
          cited={used.cited}
          onOpen={openPage}
        />
        {answers.error && <ErrorNotice error={answers.error} />}
        <section id="answers" class="arms" ref={arms} aria-label="The four arms">
          {ARMS.map((arm) => (
            <ArmColumn
              key={arm}
              arm={arm}
              arms={answers.arms}
              roleLabel={roleLabel}
              adapter={setup?.adapter?.name}
              onOpen={open}
            />
          ))}
        </section>
        <p class="footnote">
          <span class="quoted">Underlined words</span> stand so in a page of the handbook. The arms run one
          after another, so that their times compare. Nothing you ask leaves this machine.
          {setup && setup.model.parameters < SMALL_MODEL && (
            <> A model this small goes by the words of your question: ask in the handbook's own.</>
          )}
        </p>
        <p class="sr-only" aria-live="polite">
          {answers.news}
        </p>
      </main>
      {target && (
        <SourceDialog
          key={`${target.documentId} ${target.start}`}
          target={target}
          role={role}
          roleLabel={roleLabel}
          onClose={() => setTarget(undefined)}
        />
      )}
    </>
  );
}

/** On a small screen the answers begin below its end; who asks wants to see them. */
function bringIntoView(answers: HTMLElement | null): void {
  if (!answers || answers.getBoundingClientRect().top < window.innerHeight * 0.8) return;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  answers.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

function usedDocuments(arms: ArmStates): { read: ReadonlySet<string>; cited: ReadonlySet<string> } {
  const read = new Set<string>();
  const cited = new Set<string>();
  for (const arm of ARMS) {
    for (const { documentId } of arms[arm].passages) read.add(documentId);
    for (const { documentId } of arms[arm].answer?.citations ?? []) if (documentId) cited.add(documentId);
  }
  return { read, cited };
}
