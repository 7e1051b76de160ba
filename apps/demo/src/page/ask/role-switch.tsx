import type { RoleId } from "../../shared/roles.ts";
import type { AnswerView, RoleView, ShelfView } from "../../shared/wire.ts";
import { BlockedIcon, CheckIcon } from "../icons.tsx";

export interface RoleSwitchProps {
  readonly roles: readonly RoleView[];
  readonly role: RoleId;
  readonly shelves: Readonly<Partial<Record<RoleId, ShelfView>>>;
  /** What the question in hand brought each role that asked it. */
  readonly byRole: Readonly<Partial<Record<RoleId, AnswerView>>>;
  readonly onChange: (role: RoleId) => void;
}

export function RoleSwitch({ roles, role, shelves, byRole, onChange }: RoleSwitchProps) {
  return (
    <fieldset class="roles">
      <legend>You ask as</legend>
      <div class="role-row">
        {roles.map(({ id, label, description }) => (
          <label key={id} class="role" data-outcome={outcomeOf(byRole[id])}>
            <input
              type="radio"
              name="role"
              value={id}
              checked={id === role}
              aria-describedby={`role-${id}`}
              onChange={() => onChange(id)}
            />
            <span class="role-face">
              <span class="role-name">
                {label} <OutcomeMark answer={byRole[id]} />
              </span>
              <span class="role-pages" id={`role-${id}`}>
                <span class="sr-only">{description}, reads </span>
                {pagesOf(shelves[id])}
              </span>
            </span>
          </label>
        ))}
      </div>
      <Effect roles={roles} role={role} byRole={byRole} />
    </fieldset>
  );
}

const outcomeOf = (answer: AnswerView | undefined) => answer && (answer.refused ? "refused" : "answered");

function OutcomeMark({ answer }: { readonly answer: AnswerView | undefined }) {
  if (!answer) return null;
  return (
    <>
      {answer.refused ? <BlockedIcon /> : <CheckIcon />}
      <span class="sr-only">{answer.refused ? "(was not answered)" : "(was answered)"}</span>
    </>
  );
}

function pagesOf(shelf: ShelfView | undefined): string {
  if (!shelf) return "…";
  return `${shelf.pages.length}${shelf.complete ? "" : "+"} pages`;
}

/** What the switch changed, in a sentence, once two roles have asked the same question. */
function Effect({ roles, role, byRole }: Pick<RoleSwitchProps, "roles" | "role" | "byRole">) {
  const asked = roles.filter(({ id }) => byRole[id]);
  const own = byRole[role];
  if (asked.length < 2 || !own) return null;
  const others = asked.filter(({ id }) => id !== role && byRole[id]?.text !== own.text);
  const label = roles.find(({ id }) => id === role)?.label;
  return (
    <p class="effect">
      <strong>Same question, same model.</strong> {label} {toldWhat(own)}.{" "}
      {others.length === 0
        ? "Nothing changed: the roles that asked may all read that page, or none of them may."
        : others.map(({ id, label: other }) => `${other} ${toldWhat(byRole[id])}.`).join(" ")}
    </p>
  );
}

function toldWhat(answer: AnswerView | undefined): string {
  if (!answer || answer.refused) return "is told that the sources do not answer this";
  const title = answer.citations.find((citation) => citation.title)?.title;
  return title ? `is answered from “${title}”` : "is answered";
}
