import {
  type HealthCheck,
  type HealthCheckSummary,
  type HealthReport,
  throwIfAborted,
} from "@advisor/contracts";
import { checkContradictions } from "./contradictions.ts";
import { checkLinks } from "./links.ts";
import { checkNearDuplicates } from "./near-duplicates.ts";
import type { Finding, Page, PageChunk } from "./page.ts";
import { parsePage } from "./parse-page.ts";
import { checkReviewDates } from "./review-date.ts";
import { checkUnreached } from "./unreached.ts";
import { checkUnreadable } from "./unreadable.ts";

/** Findings that are listed of one check; a store with more has one cause for most of them. */
export const MAX_LISTED = 1000;

export interface CheckInput {
  readonly pages: readonly Page[];
  readonly chunks: readonly PageChunk[];
  readonly today: string;
  /** Why the pages came without their texts; then the checks that read them do not run. */
  readonly withoutText?: string;
  readonly questions?: readonly { readonly question: string }[] | undefined;
  readonly find: (question: string) => Promise<readonly string[]>;
  readonly signal?: AbortSignal | undefined;
}

/** Runs all checks, one after the other, and lets other work in between. */
export async function checkHealth(input: CheckInput): Promise<HealthReport> {
  const began = performance.now();
  const { pages, chunks, today, withoutText, questions, signal } = input;
  const findings: Finding[] = [];
  const checks: HealthCheckSummary[] = [];
  let links = { checked: 0, external: 0, files: 0 };

  const run = async (
    check: HealthCheck,
    skipped: string | undefined,
    work: () => readonly Finding[] | Promise<readonly Finding[]>,
  ) => {
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal, "check");
    const start = performance.now();
    const found = skipped === undefined ? [...(await work())].sort(byPlace) : [];
    findings.push(...found.slice(0, MAX_LISTED));
    const elapsedMs = performance.now() - start;
    checks.push({ check, found: found.length, elapsedMs, ...(skipped !== undefined && { skipped }) });
  };
  await run("review-date", undefined, () => checkReviewDates(pages, today));
  await run("unreadable", undefined, () => checkUnreadable(pages));
  if (withoutText === undefined) await parseAll(pages, signal);
  await run("link", withoutText, () => {
    const { findings: found, ...counts } = checkLinks(pages);
    links = counts;
    return found;
  });
  await run("near-duplicate", withoutText, () => checkNearDuplicates(pages, chunks));
  await run("contradiction", withoutText, () => checkContradictions(pages).findings);
  const noQuestions = questions?.length ? undefined : "it needs questions that people ask";
  await run("unreached", noQuestions, () => checkUnreached(pages, questions ?? [], input.find, signal));

  const elapsedMs = performance.now() - began;
  return { findings, checks, documents: pages.length, chunks: chunks.length, links, elapsedMs };
}

/** Pages parsed between two breaths: some tens of milliseconds. */
const PARSED_AT_ONCE = 20;

/** Parses ahead of the checks that read texts, so that other work goes on and an abort is heard meanwhile. */
async function parseAll(pages: readonly Page[], signal: AbortSignal | undefined): Promise<void> {
  for (let from = 0; from < pages.length; from += PARSED_AT_ONCE) {
    for (const page of pages.slice(from, from + PARSED_AT_ONCE)) parsePage(page);
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal, "check");
  }
}

function byPlace(a: Finding, b: Finding): number {
  if (a.severity !== b.severity) return a.severity === "problem" ? -1 : 1;
  if (a.uri !== b.uri) return a.uri < b.uri ? -1 : 1;
  return (a.start ?? 0) - (b.start ?? 0);
}
