import type { CitationView } from "../../shared/wire.ts";
import { VERDICTS } from "../verdicts.tsx";

export interface CitationListProps {
  readonly citations: readonly CitationView[];
  readonly onOpen: (citation: CitationView) => void;
}

/** Each citation with its verdict in words. The whole line opens the source. */
export function CitationList({ citations, onOpen }: CitationListProps) {
  if (citations.length === 0) return null;
  return (
    <ul class="citations" aria-label="Citations">
      {citations.map((citation, index) => {
        const { word, means, Icon } = VERDICTS[citation.verdict];
        const inside = (
          <>
            <span class="citation-number">{citation.n}</span>
            <span class="citation-source">
              <span class="citation-title">{citation.title ?? "No such source"}</span>
              <span class="path">
                {citation.uri}
                {citation.place && `, ${citation.place}`}
              </span>
            </span>
            <span class={`verdict ${word}`} title={means}>
              <Icon />
              {word}
            </span>
          </>
        );
        return (
          <li key={index}>
            {citation.documentId ? (
              <button type="button" class="citation" onClick={() => onOpen(citation)}>
                {inside}
              </button>
            ) : (
              <span class="citation">{inside}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
