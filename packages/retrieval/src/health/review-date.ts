import { type Finding, type Page, placeIn } from "./page.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** A review this many days ahead is worth a note. */
export const REVIEW_SOON_DAYS = 30;

/** Pages whose `reviewBy` lies before `today` (a problem) or at most {@link REVIEW_SOON_DAYS} days ahead (a note). */
export function checkReviewDates(pages: readonly Page[], today: string): Finding[] {
  return pages.flatMap((page): Finding[] => {
    const { reviewBy } = page.metadata;
    if (reviewBy === undefined || reviewBy === null) return [];
    const finding = (severity: Finding["severity"], message: string, nextStep: string): Finding[] => [
      { check: "review-date", severity, ...placeIn(page, fieldSpan(page.text)), message, nextStep },
    ];
    const due = typeof reviewBy === "string" ? dayNumber(reviewBy) : undefined;
    if (due === undefined) {
      return finding(
        "problem",
        `The review date ${JSON.stringify(reviewBy)} is not a date`,
        "Write it as reviewBy: 2027-01-31",
      );
    }
    const days = due - (dayNumber(today) as number);
    if (days < 0) {
      return finding(
        "problem",
        `The page was to be reviewed by ${reviewBy}, ${inDays(-days)} ago`,
        "Read it again, correct it and set a new date, or remove it",
      );
    }
    if (days > REVIEW_SOON_DAYS) return [];
    const when = days === 0 ? "today" : `in ${inDays(days)}`;
    return finding(
      "note",
      `The page is to be reviewed by ${reviewBy}, ${when}`,
      "Ask its owner to read it again",
    );
  });
}

function inDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

/** Days since 1970, or undefined when it is no day of the calendar. */
function dayNumber(date: string): number | undefined {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== date) return undefined;
  return time / DAY_MS;
}

/** Where the front matter says it. */
function fieldSpan(text: string): { start: number; end: number } | undefined {
  const matter = /^\ufeff?---[ \t]*\r?\n[\s\S]*?\n---[ \t]*(?:\r?\n|$)/.exec(text)?.[0];
  const field = matter && /^reviewBy[ \t]*:.*$/m.exec(matter);
  if (!field) return undefined;
  return { start: field.index, end: field.index + field[0].trimEnd().length };
}
