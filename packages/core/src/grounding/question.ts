import { stem } from "./stem.ts";
import { readWords, type Word } from "./words.ts";

/** What kind of thing a question asks for, as far as its words tell. */
export type AnswerType = "number" | "money" | "percent" | "duration" | "time" | "person" | "place" | "any";

/** A question as the scorer sees it. */
export interface Question {
  readonly words: readonly Word[];
  /** The words that carry content, each term once, in order. */
  readonly content: readonly Word[];
  readonly asks: AnswerType;
  /** Terms of what `how many ...` counts; empty without one. */
  readonly counts: readonly string[];
}

/** Words that dress a question and say nothing of its matter, contractions without their apostrophe among them. */
const DRESSING = new Set(
  (
    "didnt doesnt dont cant wont isnt arent wasnt whats thats im ive id hows wheres whos could somebody someone anybody " +
    "anyone something anything now yet please tell explain ok hi hello thanks really actually just only even still ever " +
    "again not no so too very own know"
  )
    .split(" ")
    .map(stem),
);

// In order: "how many hours" is a duration before it is a number.
const ASKS: readonly (readonly [AnswerType, RegExp])[] = [
  [
    "duration",
    /\bhow (?:long|old|often|soon|quickly|fast)\b|\bhow (?:many|much) (?:\w+ )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|time)\b/,
  ],
  [
    "money",
    /\bhow (?:much|many) (?:does|do|did|is|are|was|were|will|would|money|dollars?|euros?|pounds?)\b|\bhow expensive\b/,
  ],
  ["percent", /\b(?:percentage|percent|proportion|what share|what fraction)\b|%/],
  [
    "number",
    /\bhow (?:many|much|far|tall|high|deep|large|big|wide|heavy|hot|cold)\b|\b(?:number|amount|population|size|average|limit|maximum|minimum|which version|what version)\b/,
  ],
  [
    "time",
    /\bwhen\b|\b(?:what|which|in what|in which) (?:\w+ )?(?:year|date|day|month|decade|century|time)\b/,
  ],
  [
    "person",
    /\bwho(?:m|se)?\b|\b(?:what|which) (?:\w+ )?(?:person|people|man|woman|player|author|king|president|team|company|group|department)\b/,
  ],
  [
    "place",
    /\bwhere\b|\b(?:what|which|in what|in which) (?:\w+ )?(?:city|country|place|state|region|town|river|continent|area|location|street|building|room)\b/,
  ],
  // No question word, as in "price of the probe": at least a number is wanted.
  [
    "number",
    /\b(?:price|cost|fee|salary|wage|budget|discount|rebate|margin|lifetime|deadline|threshold|quota|allowance|weight|port|extension|duration|length|height|width|speed|capacity|accuracy|temperature|score|rate)s?\b/,
  ],
];

const COUNTS = /\bhow (?:many|much)\s+([\p{L}-]{1,40})(?:\s+of\s+([\p{L}-]{1,40}))?/u;

/** Reads a question: its words, what carries content in it, and what kind of answer it wants. */
export function readQuestion(text: string): Question {
  const words = readWords(text).map((word) => (DRESSING.has(word.term) ? { ...word, stop: true } : word));
  const seen = new Set<string>();
  const content = words.filter((word) => !word.stop && !seen.has(word.term) && seen.add(word.term));
  const lower = text.toLowerCase();
  const counted = COUNTS.exec(lower)?.slice(1) ?? [];
  return {
    words,
    content: content.slice(0, MAX_CONTENT),
    asks: ASKS.find(([, pattern]) => pattern.test(lower))?.[0] ?? "any",
    counts: counted.filter((word) => word !== undefined).map((word) => stem(word)),
  };
}

/** Content words that are looked for; a question with more is a pasted page, and its first ones must do. */
const MAX_CONTENT = 48;
