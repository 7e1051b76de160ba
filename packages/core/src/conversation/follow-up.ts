import { MAX_QUERY_LENGTH, type Message } from "@advisor/contracts";
import { readWords, type Word } from "../grounding/words.ts";

/** How many earlier questions are looked at: what lies further back is rarely what a follow-up means. */
const MAX_TURNS_BACK = 4;
/** Words added to a follow-up, so that its own words keep their weight in the search. */
const MAX_CONTEXT_WORDS = 10;
/** A question of more content words than this stands for itself, unless it begins with a pronoun. */
const MAX_DEPENDENT_WORDS = 4;

export interface FollowUp {
  /** The question, with words of earlier turns after it when it needs them. */
  readonly text: string;
  readonly changed: boolean;
}

/**
 * Makes a follow-up question searchable by rule, without a model: one that leans on what was said before ("and for
 * contractors?", "how long does it take?") gets the content words of the user's question before it, and of the one
 * before that while that one leans too. One that puts a name in another's place ("and in Poland?" after a question about
 * Norway) gets them without the names. A self-contained question is left alone. The rules are for English; a question in
 * another script is left alone.
 */
export function resolveFollowUp(question: string, history: readonly Message[]): FollowUp {
  const asked = history.filter(({ role }) => role === "user").map(({ content }) => content);
  if (asked.length === 0 || !leansOnContext(question)) return { text: question, changed: false };

  const own = readWords(question);
  const replacesName = own.some(isName) && !refersBack(question);
  const seen = new Set(own.map(({ term }) => term));
  const context: string[] = [];
  for (const earlier of asked.slice(-MAX_TURNS_BACK).reverse()) {
    for (const word of readWords(earlier.slice(0, MAX_QUERY_LENGTH))) {
      if (!isContent(word) || seen.has(word.term) || context.length >= MAX_CONTEXT_WORDS) continue;
      if (replacesName && isName(word)) continue;
      seen.add(word.term);
      context.push(word.text);
    }
    if (!leansOnContext(earlier)) break;
  }
  const text = [question.trim(), ...context].join(" ");
  // A question at the limit has no room for more words; it is searched as it stands.
  if (context.length === 0 || text.length > MAX_QUERY_LENGTH) return { text: question, changed: false };
  return { text, changed: true };
}

const OPENING =
  /^\W*(?:(?:ok|okay|yes|no|right|thanks|thank you)\b\W*)*(?:and|or|but|so|then|also|plus|same|else|why|otherwise|what about|how about|what if|what else|who else|how come|how so|in that case|for example)\b/i;

/** Pronouns that point back wherever they stand. */
const PRONOUN = /\b(?:it|its|they|them|their|theirs|he|she|him|his|her|those|these|former|latter)\b/i;

/** "that" and "this" point back unless they introduce a clause ("know that the ...") or name a time ("this year"). */
const DEMONSTRATIVE =
  /\b(?:(?:is|was|does|did|do|will|would|can|could|should|about|for|after|before|with|of|to|like|on|in|than|if|from|by|at|why|how) (?:that|this)\b|(?:that|this)\W*$|(?:that|this) (?:is|was|one|case|mean|means|apply|applies|take|takes|cost|costs|work|works|count|counts|happen|happens)\b|such an?\b|the same\b|(?:this|that) (?:rule|policy|page|plan|limit|price|fee|amount|deadline|form|process|step)\b)/i;
const TIME =
  /\b(?:this|that|these|those) (?:year|month|week|quarter|day|days|morning|afternoon|evening|time)s?\b/gi;
/** "it" that stands for nothing. */
const EXPLETIVE =
  /\b(?:is|was|would|will) it (?:possible|ok|okay|allowed|true|necessary|required|safe|better|best|worth)\b/gi;

function leansOnContext(question: string): boolean {
  if (!/[a-z]/i.test(question)) return false;
  const content = readWords(question).filter(isContent);
  if (content.length <= 1) return true;
  if (content.length > MAX_DEPENDENT_WORDS) return beginsWithPronoun(question);
  return OPENING.test(question) || refersBack(question);
}

function refersBack(question: string): boolean {
  const plain = question.replace(TIME, " ").replace(EXPLETIVE, " ");
  return PRONOUN.test(plain) || DEMONSTRATIVE.test(plain);
}

/** A pronoun with nothing named before it: "does it also cover family members abroad?". */
function beginsWithPronoun(question: string): boolean {
  const plain = question.replace(TIME, " ").replace(EXPLETIVE, " ");
  const at = plain.search(PRONOUN);
  return at >= 0 && readWords(plain.slice(0, at)).every((word) => !isContent(word));
}

/** What one thing is called, not a kind of things: `Norway`, `E-4012`, `2026`. */
function isName(word: Word): boolean {
  return word.kind !== "word" || (word.capital && !word.first && !word.stop);
}

function isContent(word: Word): boolean {
  return !word.stop && word.term !== "";
}
