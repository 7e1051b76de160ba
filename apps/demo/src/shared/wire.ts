// What the server sends to the page and back, as plain data. The page imports nothing else of the server.
import type { RoleId } from "./roles.ts";

/** The four arms, in the order they are asked and shown. */
export const ARMS = ["base", "retrieval", "adapter", "hybrid"] as const;
export type Arm = (typeof ARMS)[number];

export type Verdict = "verified" | "misattributed" | "stitched" | "fabricated";

/** What a request for answers may hold: nothing that says who asks but the id of a role. */
export interface AskBody {
  readonly question: string;
  readonly role: RoleId;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
}

export interface WarningView {
  readonly code: string;
  readonly message: string;
}

/** A source as numbered in the prompt. */
export interface PassageView {
  readonly n: number;
  readonly documentId: string;
  readonly uri: string;
  readonly title: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface CitationView {
  readonly n: number;
  readonly claim: string;
  readonly documentId?: string;
  readonly uri?: string;
  readonly title?: string;
  readonly version?: string;
  /** Where in its file it stands, in words, such as `page 3`. */
  readonly place?: string;
  readonly quote: string;
  readonly start?: number;
  readonly end?: number;
  readonly verdict: Verdict;
}

/** Milliseconds unless the name says otherwise, as measured by the advisor. */
export interface TimingsView {
  readonly retrievalMs: number;
  readonly groundingMs: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly queueMs: number;
  readonly firstTokenMs: number;
  readonly generationMs: number;
  readonly tokensPerSecond: number;
  readonly totalMs: number;
}

/**
 * True when the answer was read together with its prompt: it was the only text allowed, so there was no decoding whose
 * speed could be told.
 */
export function cameAtOnce({ completionTokens, tokensPerSecond }: TimingsView): boolean {
  return completionTokens > 1 && tokensPerSecond === 0;
}

export interface AnswerView {
  readonly text: string;
  readonly refused: boolean;
  readonly grounding?: string;
  readonly adapter?: string;
  readonly citations: readonly CitationView[];
  readonly passages: readonly PassageView[];
  readonly prompt?: string;
  readonly timings: TimingsView;
  readonly warnings: readonly WarningView[];
}

/** One line of the answer stream. Arms come one after another, so that none slows another's timings. */
export type AskEvent =
  | { readonly type: "started"; readonly arm: Arm }
  | {
      readonly type: "passages";
      readonly arm: Arm;
      readonly passages: readonly PassageView[];
      readonly retrievalMs: number;
    }
  | { readonly type: "text"; readonly arm: Arm; readonly text: string }
  | { readonly type: "answer"; readonly arm: Arm; readonly answer: AnswerView }
  | { readonly type: "error"; readonly arm: Arm; readonly error: ErrorView }
  | { readonly type: "done" };

export interface RoleView {
  readonly id: RoleId;
  readonly label: string;
  readonly description: string;
}

export interface SampleView {
  readonly question: string;
  /** What it shows, in a few words. */
  readonly shows: string;
}

/** What the page needs to know before the first question. */
export interface SetupView {
  readonly roles: readonly RoleView[];
  readonly samples: readonly SampleView[];
  readonly model: {
    readonly name: string;
    readonly architecture: string;
    readonly parameters: number;
    readonly quantization: string;
    readonly device: string;
  };
  readonly adapter: { readonly name: string; readonly description: string } | null;
  readonly grounding: string;
  readonly warnings: readonly WarningView[];
}

export interface PageView {
  readonly id: string;
  readonly uri: string;
  readonly title: string;
}

/** The pages one role may read, by path. */
export interface ShelfView {
  readonly role: RoleId;
  readonly pages: readonly PageView[];
  /** False when there may be more pages than one search returns. */
  readonly complete: boolean;
}

/** A whole document, for the reader who follows a citation. */
export interface SourceView {
  readonly id: string;
  readonly uri: string;
  readonly title: string;
  readonly text: string;
  readonly version: string;
  /** Roles that may read it; the tenant's administrators may, in any case. */
  readonly roles: readonly string[];
}
