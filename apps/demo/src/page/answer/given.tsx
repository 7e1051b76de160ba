import type { AnswerView, PassageView } from "../../shared/wire.ts";

export interface GivenProps {
  readonly answer: AnswerView;
  readonly onOpen: (passage: PassageView) => void;
}

/** What was found, in the order of its numbers, and the prompt as sent. A refusal may come before any prompt. */
export function Given({ answer, onOpen }: GivenProps) {
  const { passages, prompt } = answer;
  if (passages.length === 0 && prompt === undefined) return null;
  return (
    <details class="given">
      <summary>{summary(passages.length, prompt !== undefined)}</summary>
      {passages.length > 0 && (
        <ol class="passages">
          {passages.map((passage) => (
            <li key={`${passage.documentId} ${passage.start}`}>
              <button type="button" class="passage" onClick={() => onOpen(passage)}>
                {passage.title} <span class="path">{passage.uri}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {prompt !== undefined && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section class="prompt" tabIndex={0} aria-label="Prompt as sent">
          {prompt}
        </section>
      )}
    </details>
  );
}

function summary(passages: number, prompt: boolean): string {
  const found = passages === 1 ? "1 passage" : `${passages} passages`;
  if (!prompt) return `${found} found, none with an answer`;
  return passages > 0 ? `Prompt with ${found}` : "Prompt, without a source";
}
