import type { AnswerView, PassageView } from "../../shared/wire.ts";

export interface GivenProps {
  readonly answer: AnswerView;
  readonly onOpen: (passage: PassageView) => void;
}

/** What the model was given: the passages in the order of their numbers, and the prompt as sent. */
export function Given({ answer, onOpen }: GivenProps) {
  const { passages, prompt } = answer;
  if (passages.length === 0 && prompt === undefined) return null;
  return (
    <details class="given">
      <summary>
        {passages.length > 0
          ? `Prompt with ${passages.length} passage${passages.length === 1 ? "" : "s"}`
          : "Prompt, without a source"}
      </summary>
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
