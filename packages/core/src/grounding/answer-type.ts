import type { Candidate } from "./candidates.ts";
import type { AnswerType } from "./question.ts";

const MONEY = /[$€£¥]|\b(?:EUR|USD|GBP|CHF|NOK|PLN|dollars?|euros?|pounds?|cents?|francs?)\b/i;
const PERCENT = /%|\bper ?cent\b|\bpercentage\b/i;
const DURATION =
  /\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|daily|weekly|monthly|annually|yearly)\b/i;
const TIME =
  /\b(?:1[0-9]{3}|20[0-9]{2})\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|morning|noon|midnight|\d{1,2}:\d{2}|a\.m\.|p\.m\.)\b/i;

/**
 * Whether a sentence holds a thing of the kind asked for that the question does not name itself: a number for "how many",
 * a date for "when", a name for "who". Undefined when the question wants nothing that can be told by its looks.
 */
export function fitsAnswerType(
  asks: AnswerType,
  { text, words }: Candidate,
  asked: ReadonlySet<string>,
): boolean | undefined {
  const newNumber = () => words.some(({ kind, term }) => kind === "number" && !asked.has(term));
  switch (asks) {
    case "any":
      return undefined;
    case "number":
      return newNumber();
    case "money":
      return newNumber() && MONEY.test(text);
    case "percent":
      return newNumber() && PERCENT.test(text);
    case "duration":
      return newNumber() || DURATION.test(text);
    case "time":
      return TIME.test(text);
    case "person":
    case "place":
      return words.some(
        ({ kind, capital, stop, term }) => kind === "word" && capital && !stop && !asked.has(term),
      );
  }
}
