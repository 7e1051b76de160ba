import { z } from "zod";
import { principalSchema } from "./access.ts";
import { MAX_QUERY_LENGTH } from "./retriever.ts";

/** What a check of the sources looks for. */
export const healthCheckSchema = z.enum([
  "review-date",
  "unreadable",
  "link",
  "near-duplicate",
  "contradiction",
  "unreached",
]);
export type HealthCheck = z.infer<typeof healthCheckSchema>;

/** Limit on the questions of one check: a year's log of a busy desk; each is a search. */
export const MAX_HEALTH_QUESTIONS = 100_000;

export const healthRequestSchema = z.strictObject({
  /** Whose pages are checked: all of its tenant. It must be an administrator of it. */
  principal: principalSchema,
  /** Questions that people ask. With them, pages that no question reaches are found. */
  questions: z
    .array(
      z.strictObject({
        id: z.union([z.string(), z.number()]),
        question: z.string().max(MAX_QUERY_LENGTH),
      }),
    )
    .max(MAX_HEALTH_QUESTIONS)
    .readonly()
    .optional(),
  /** The day that review dates are compared with, as `2026-11-30`. Default: today, in UTC. */
  today: z.iso.date().optional(),
});
export type HealthRequest = z.input<typeof healthRequestSchema> & { readonly signal?: AbortSignal };

/** A page, or a place in it: `document.text.slice(start, end) === quote`. */
export interface HealthPlace {
  readonly documentId: string;
  readonly source: string;
  readonly uri: string;
  readonly start?: number;
  readonly end?: number;
  readonly quote?: string;
}

/** `problem`: something is wrong. `note`: somebody should look, and may find that it is meant so. */
export interface HealthFinding extends HealthPlace {
  readonly check: HealthCheck;
  readonly severity: "problem" | "note";
  /** The place that this one repeats or contradicts. */
  readonly other?: HealthPlace;
  readonly message: string;
  readonly nextStep: string;
}

/** How one check went. */
export interface HealthCheckSummary {
  readonly check: HealthCheck;
  /** All findings, those beyond the listed ones included. */
  readonly found: number;
  readonly elapsedMs: number;
  /** Why it did not run, in words. Absent when it ran. */
  readonly skipped?: string;
}

export interface HealthReport {
  /** By check, then by uri and offset; at most 1,000 a check. */
  readonly findings: readonly HealthFinding[];
  readonly checks: readonly HealthCheckSummary[];
  readonly documents: number;
  readonly chunks: number;
  readonly links: {
    /** To pages and headings of the same source. */
    readonly checked: number;
    /** To other sites: never fetched. */
    readonly external: number;
    /** To files that are no pages, such as pictures: whether they are there is not known. */
    readonly files: number;
  };
  readonly elapsedMs: number;
}
