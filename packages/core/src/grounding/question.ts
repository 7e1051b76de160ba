import { readWords, type Word } from "./words.ts";

/** What kind of thing a question asks for, as far as its words tell. */
export type AnswerType =
  | "number"
  | "money"
  | "percent"
  | "duration"
  | "time"
  | "person"
  | "place"
  | "reason"
  | "any";

/** A question as the scorer sees it. */
export interface Question {
  readonly text: string;
  readonly words: readonly Word[];
  /** The words that carry content, each term once, in order. */
  readonly content: readonly Word[];
  readonly asks: AnswerType;
}

// Order matters: "how much time" is a duration before it is a number.
const ASKS: readonly (readonly [AnswerType, RegExp])[] = [
  [
    "duration",
    /\bhow (?:long|old|often|soon|quickly|fast)\b|\bhow (?:many|much) (?:\w+ )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|time)\b/,
  ],
  [
    "money",
    /\bhow (?:much|many) (?:does|do|did|is|are|was|were|will|would|money|dollars?|euros?|pounds?)\b|\b(?:price|cost|fee|salary|budget)s?\b.*\?|\bhow expensive\b/,
  ],
  ["percent", /\b(?:percentage|percent|proportion|what share|what fraction)\b|%/],
  [
    "number",
    /\bhow (?:many|much|far|tall|high|deep|large|big|wide|heavy|fast|hot|cold)\b|\b(?:number|amount|population|size|average|limit|maximum|minimum|which version|what version)\b/,
  ],
  [
    "time",
    /\bwhen\b|\b(?:what|which|in what|in which) (?:\w+ )?(?:year|date|day|month|decade|century|time)\b|\bwhat time\b/,
  ],
  [
    "person",
    /\bwho(?:m|se)?\b|\b(?:what|which) (?:\w+ )?(?:person|people|man|woman|player|author|king|president|team|company|group|department)\b/,
  ],
  [
    "place",
    /\bwhere\b|\b(?:what|which|in what|in which) (?:\w+ )?(?:city|country|place|state|region|town|river|continent|area|location|street|building|room)\b/,
  ],
  ["reason", /\bwhy\b|\bwhat (?:causes?|caused|reason)\b/],
];

export function readQuestion(text: string): Question {
  const words = readWords(text);
  const seen = new Set<string>();
  const content = words.filter((word) => !word.stop && !seen.has(word.term) && seen.add(word.term));
  const lower = text.toLowerCase();
  return { text, words, content, asks: ASKS.find(([, pattern]) => pattern.test(lower))?.[0] ?? "any" };
}
