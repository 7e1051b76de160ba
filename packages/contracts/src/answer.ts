import { z } from "zod";
import type { AdapterSelection } from "./generator.ts";
import type { Passage } from "./passage.ts";
import type { PassagePlace } from "./passage-place.ts";
import type { Warning } from "./progress.ts";
import type { SearchTimings } from "./retriever.ts";

/**
 * The four arms. `base`: the model alone. `retrieval`: the model with sources. `adapter`: the model with its adapter.
 * `hybrid`: both.
 */
export const modeSchema = z.enum(["base", "retrieval", "adapter", "hybrid"]);
/** One of the four arms. */
export type Mode = z.infer<typeof modeSchema>;

/** True for the arms that read sources. */
export function usesSources(mode: Mode): boolean {
  return mode === "retrieval" || mode === "hybrid";
}

/** True for the arms that an adapter steers. */
export function usesAdapter(mode: Mode): boolean {
  return mode === "adapter" || mode === "hybrid";
}

/**
 * `cited`: the model writes freely with `[n]` marks, and each mark is checked afterwards; of a model that points (the embedded
 * one) each letter becomes its sentence and mark first. `quoted`: what stands as
 * evidence can only be a sentence of a source, with its true citation.
 */
export const groundingSchema = z.enum(["cited", "quoted"]);
/** How an answer is tied to its sources. */
export type Grounding = z.infer<typeof groundingSchema>;

/**
 * What the check of a citation found.
 * `verified`: the cited source says it. `misattributed`: another source in the prompt says it, not the one cited.
 * `stitched`: pieced together from places of the sources that do not stand together. `fabricated`: no source says it.
 */
export const verdictSchema = z.enum(["verified", "misattributed", "stitched", "fabricated"]);
/** What the check of a citation found. */
export type Verdict = z.infer<typeof verdictSchema>;

/** A `[n]` in an answer, resolved to the text it stands on. */
export interface Citation {
  /** The number as written. */
  readonly n: number;
  /** The statement of the answer that it stands behind. */
  readonly claim: string;
  /** Absent when `n` names no passage of the prompt. */
  readonly passageId?: string;
  readonly documentId?: string;
  readonly uri?: string;
  readonly title?: string;
  /** The document's version that the answer saw. */
  readonly version?: string;
  /** ISO 8601 instants between which that version stood, as the passage names them; no `validTo`: it stands. */
  readonly validFrom?: string;
  readonly validTo?: string;
  /** The page, rows or lines that the quote stands in; without a quote, those of the passage. */
  readonly place?: PassagePlace;
  /** The source's own words that carry the claim: `document.text.slice(start, end) === quote`. Empty when fabricated. */
  readonly quote: string;
  /** UTF-16 offsets into the document's extracted text; both absent when there is no quote. */
  readonly start?: number;
  readonly end?: number;
  readonly verdict: Verdict;
}

/** Where the time went, in milliseconds unless the name says otherwise. A step that did not run is 0. */
export interface AnswerTimings {
  readonly retrievalMs: number;
  /** The steps of the search. Absent when there was none. */
  readonly search?: SearchTimings;
  /** Choosing evidence sentences (`quoted`) or checking citations (`cited`). */
  readonly groundingMs: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Waiting for a free context. */
  readonly queueMs: number;
  /** From the start of prompt evaluation. */
  readonly firstTokenMs: number;
  readonly generationMs: number;
  readonly tokensPerSecond: number;
  /** From the call to the answer. */
  readonly totalMs: number;
}

/** A whole answer: its text, what it stands on, and where the time went. */
export interface Answer {
  readonly id: string;
  readonly text: string;
  /** True when the advisor or the model said that the sources do not hold the answer. */
  readonly refused: boolean;
  readonly mode: Mode;
  /** Absent in the arms without sources. */
  readonly grounding?: Grounding;
  readonly adapter?: AdapterSelection;
  readonly citations: readonly Citation[];
  /** The passages that stood in the prompt, in the order of their numbers. */
  readonly passages: readonly Passage[];
  /** ISO 8601 instant whose state of the sources answered, when it was asked for. */
  readonly asOf?: string;
  /** The question as searched, when the conversation changed it. */
  readonly searchedFor?: string;
  /** With a JSON format: the validated value. */
  readonly json?: unknown;
  /** The prompt exactly as sent, when asked for. */
  readonly prompt?: string;
  readonly timings: AnswerTimings;
  readonly warnings: readonly Warning[];
}

/** What `stream` yields, in this order: passages (arms with sources), text pieces, the answer. */
export type AnswerEvent =
  | { readonly type: "passages"; readonly passages: readonly Passage[]; readonly retrievalMs: number }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "answer"; readonly answer: Answer };
