import { useState } from "preact/hooks";
import type { CitationView } from "../../shared/wire.ts";
import { VERDICTS } from "../verdicts.tsx";
import { segments } from "./segments.ts";

export interface AnswerTextProps {
  readonly text: string;
  readonly citations: readonly CitationView[];
  readonly onOpen: (citation: CitationView) => void;
}

/** Longer answers are folded: a model that knows nothing may go on for long. */
const LONG_ANSWER = 700;

/** An answer with its quotes underlined and its marks as chips. */
export function AnswerText({ text, citations, onOpen }: AnswerTextProps) {
  const [whole, setWhole] = useState(false);
  const folded = text.length > LONG_ANSWER && !whole;
  return (
    <>
      <p class={folded ? "answer-text folded" : "answer-text"}>
        <Pieces text={text} citations={citations} onOpen={onOpen} />
      </p>
      {folded && (
        <button type="button" class="unfold" onClick={() => setWhole(true)}>
          Show all {text.length} characters
        </button>
      )}
    </>
  );
}

function Pieces({ text, citations, onOpen }: AnswerTextProps) {
  return (
    <>
      {segments(text, citations).map((segment, index) =>
        segment.kind === "mark" ? (
          <CitationChip key={index} citation={segment.citation} onOpen={onOpen} />
        ) : segment.kind === "quote" ? (
          <span key={index} class="quoted">
            {segment.text}
          </span>
        ) : (
          <span key={index} class="own">
            {segment.text}
          </span>
        ),
      )}
    </>
  );
}

interface CitationChipProps {
  readonly citation: CitationView;
  readonly onOpen: (citation: CitationView) => void;
}

/** A numbered mark. It opens its source when there is one to open. */
function CitationChip({ citation, onOpen }: CitationChipProps) {
  const { n } = citation;
  const { word, means, Icon } = VERDICTS[citation.verdict];
  const face = (
    <>
      {n}
      <Icon />
    </>
  );
  if (!citation.documentId) {
    return (
      <span class={`chip ${word}`} title={`${word}: ${means}`}>
        {face}
        <span class="sr-only">{word}</span>
      </span>
    );
  }
  return (
    <button
      type="button"
      class={`chip ${word}`}
      title={`${word}: ${means}`}
      aria-label={`Source ${n}, ${citation.title ?? citation.uri ?? ""}, ${word}. Open it`}
      onClick={() => onOpen(citation)}
    >
      {face}
    </button>
  );
}
