import type { Answer, Passage, SearchResult } from "@advisor/contracts";
import type { ErrorReport } from "./report-error.ts";

/** The result of a search as one JSON object; `id` is the batch line's, else one made up. */
export function searchLine(id: string | number, { passages, timings, warnings }: SearchResult) {
  return { id, passages: passages.map(passageLine), timings, warnings };
}

function passageLine(passage: Passage) {
  const { uri, title, text, score, start, end, headings, id, documentId, ordinal, version, source, ranks } =
    passage;
  const { place, places, validFrom, validTo, found, copies } = passage;
  return {
    ...{ uri, title, text, score, start, end, headings, id, documentId, ordinal, version, source, ranks },
    ...(place && { place }),
    ...(validFrom !== undefined && { validFrom }),
    ...(validTo !== undefined && { validTo }),
    ...(found && { found }),
    ...(places && { places }),
    ...(copies && { copies }),
  };
}

/** The answer as one JSON object; `id` is the batch line's, else the answer's own. */
export function answerLine(id: string | number, answer: Answer) {
  const { text, refused, mode, grounding, adapter, asOf, searchedFor, json, prompt, timings, warnings } =
    answer;
  return {
    id,
    text,
    refused,
    mode,
    ...(grounding !== undefined && { grounding }),
    ...(adapter !== undefined && { adapter }),
    citations: answer.citations,
    passages: answer.passages.map(passageLine),
    ...(asOf !== undefined && { asOf }),
    ...(searchedFor !== undefined && { searchedFor }),
    ...(json !== undefined && { json }),
    ...(prompt !== undefined && { prompt }),
    timings,
    warnings,
  };
}

/** What stands in place of a result when a batch line has none. */
export function errorLine(id: string | number | null, report: ErrorReport, line: number) {
  const { code, message, subject, reason, nextStep } = report;
  return { id, error: { code, message, subject, reason, nextStep, line } };
}
