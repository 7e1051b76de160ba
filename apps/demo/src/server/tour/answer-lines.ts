import { type Answer, placeWords, usesAdapter, usesSources } from "@advisor/core";
import type { Arm } from "../../shared/wire.ts";
import type { Paint, Style } from "../terminal/style.ts";
import { wrap } from "../terminal/wrap.ts";

const INDENT = 13;
const TEXT_WIDTH = 80 - INDENT - 1;
/** A model that knows nothing may go on for long; an answer to read is shorter than this. */
const MAX_LINES = 6;

/** The levers' colours, as on the page: knowledge, behaviour, both. */
const ARM_STYLES: Readonly<Record<Arm, Style>> = {
  base: "dim",
  retrieval: "cyan",
  adapter: "yellow",
  hybrid: "magenta",
};

/** One arm's answer with its citations, under its name, at most 80 characters wide. */
export function answerLines(arm: Arm, answer: Answer, paint: Paint): string[] {
  const all = wrap(answer.text.trim() || "(it wrote nothing)", TEXT_WIDTH);
  const cut = all.length > MAX_LINES;
  const body = cut ? all.slice(0, MAX_LINES / 2) : all;
  const lines = body.map((line, index) =>
    index === 0
      ? `  ${paint(ARM_STYLES[arm], arm.padEnd(INDENT - 2))}${line}`
      : `${" ".repeat(INDENT)}${line}`,
  );
  const under = (text: string) =>
    lines.push(...wrap(text, TEXT_WIDTH).map((line) => `${" ".repeat(INDENT)}${paint("dim", line)}`));
  if (cut) under(`… and ${all.length - body.length} lines more`);
  for (const { n, verdict, title, uri, place, quote } of answer.citations) {
    const where = [title ?? "no such source", uri, place && placeWords(place)].filter(Boolean).join(", ");
    under(`[${n}] ${verdict}: ${where}`);
    if (quote && !answer.text.includes(quote)) under(`    “${quote}”`);
  }
  if (answer.refused) under("refused: nothing this role may read answers it");
  for (const { message } of answer.warnings) under(`note: ${message}`);
  return lines;
}

/** What an arm is, for the list at the start. */
export function armMeaning(arm: Arm): string {
  const knows = usesSources(arm) ? "reads the handbook" : "knows only its training";
  const speaks = usesAdapter(arm) ? "speaks with the adapter" : "speaks as it was trained";
  return `${knows}, ${speaks}`;
}
