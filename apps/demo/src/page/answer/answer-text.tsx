import type { CitationView } from "../../shared/wire.ts";
import { VERDICTS } from "../verdicts.tsx";
import { segments } from "./segments.ts";

export interface AnswerTextProps {
  readonly text: string;
  readonly citations: readonly CitationView[];
  readonly onOpen: (citation: CitationView) => void;
}

/** An answer with its quotes underlined and its marks as chips. */
export function AnswerText({ text, citations, onOpen }: AnswerTextProps) {
  return (
    <p class="answer-text">
      {segments(text, citations).map((segment, index) =>
        segment.kind === "mark" ? (
          <CitationChip key={index} n={segment.n} citation={segment.citation} onOpen={onOpen} />
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
    </p>
  );
}

interface CitationChipProps {
  readonly n: number;
  readonly citation: CitationView | undefined;
  readonly onOpen: (citation: CitationView) => void;
}

/** A numbered mark. It opens its source when there is one to open. */
export function CitationChip({ n, citation, onOpen }: CitationChipProps) {
  if (!citation) return <span class="chip">{n}</span>;
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
