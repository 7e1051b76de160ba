import type { Message, Passage, PromptFormat } from "@advisor/contracts";
import { splitSentences } from "@advisor/retrieval";
import { fill } from "./fill.ts";
import { LABELS, type LabelledSentence, type Labels } from "./labels.ts";

/** What a prompt is made of. */
export interface PromptParts {
  readonly question: string;
  /** Undefined in the arms without sources. They are numbered from 1 in this order. */
  readonly passages: readonly Passage[] | undefined;
  /** Earlier turns, normalised: see {@link normaliseHistory}. */
  readonly history: readonly Message[];
}

/** The chat messages of a prompt. Passages and question are content, never template: the generator keeps marks in them plain. */
export function layOutPrompt(format: PromptFormat, parts: PromptParts): Message[] {
  const { question, passages, history } = parts;
  const system = passages ? format.system : format.systemWithoutSources;
  const content = passages
    ? layOutSources(format, passages).text + fill(format.question, { question })
    : fill(format.questionWithoutSources, { question });
  return [
    ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
    ...history,
    { role: "user" as const, content },
  ];
}

/** Sources as they stand in a prompt. */
interface LaidOutSources {
  readonly text: string;
  /** What each label names; empty when the format has no labels. */
  readonly labels: Labels;
}

/** How many passages, from the first, have a label for each sentence. The first one always stays, whole. */
export function countHeld(format: PromptFormat, passages: readonly Passage[]): number {
  if (!format.sentenceLabels) return passages.length;
  let sentences = 0;
  const over = passages.findIndex(({ text }) => {
    sentences += splitSentences(text).length;
    return sentences > LABELS.length;
  });
  return over < 0 ? passages.length : Math.max(1, over);
}

/** The sources alone, numbered from 1 in their order. */
export function layOutSources(format: PromptFormat, passages: readonly Passage[]): LaidOutSources {
  const labels = new Map<string, LabelledSentence>();
  const texts = passages.map(({ title, text }, index) => {
    const n = index + 1;
    const header = fill(format.sourceHeader, { n: String(n), title: onOneLine(title) });
    if (format.sentenceSeparator === null) return header + text;
    const sentences = splitSentences(text).map(({ start, end }) => {
      const sentence = onOneLine(text.slice(start, end));
      if (!format.sentenceLabels) return sentence;
      const label = LABELS[labels.size];
      if (label === undefined) return sentence;
      labels.set(label, { text: sentence, n });
      return `${label}\n${sentence}`;
    });
    return header + sentences.join(format.sentenceSeparator);
  });
  return { text: texts.join("\n"), labels };
}

/** A title or sentence with a line break in it would read as the start of something else. */
function onOneLine(text: string): string {
  return text.replace(/\s*[\n\r\u2028\u2029]\s*/g, " ");
}

/** A citation mark after a statement, with the space before it; not the index of `list[1]`. */
const MARK = /(?:[ \t]+|(?<=[.,;:!?"'\u2019\u201d\]]))\[\d{1,3}\](?=[\s.,;:!?[]|$)/g;

/**
 * Earlier turns as every chat template takes them: beginning with the user, and one turn after the other (two in a row
 * of one role become one). An unanswered last question is left out, since the new one follows it. Citation marks of
 * earlier answers go, since their numbers meant the passages of another prompt.
 */
export function normaliseHistory(history: readonly Message[]): Message[] {
  const turns: Message[] = [];
  for (const { role, content } of history) {
    const text = role === "assistant" ? content.replace(MARK, "") : content;
    const last = turns.at(-1);
    if (last?.role === role) turns[turns.length - 1] = { role, content: `${last.content}\n\n${text}` };
    else if (last || role === "user") turns.push({ role, content: text });
  }
  if (turns.at(-1)?.role === "user") turns.pop();
  return turns;
}
