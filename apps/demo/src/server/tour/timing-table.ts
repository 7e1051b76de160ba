import type { Answer, AnswerTimings } from "@advisor/core";
import { ARMS, type Arm, cameAtOnce } from "../../shared/wire.ts";
import type { Paint } from "../terminal/style.ts";

const ROWS: readonly { readonly label: string; readonly cell: (timings: AnswerTimings) => string }[] = [
  { label: "retrieval, ms", cell: (t) => figure(t.retrievalMs) },
  { label: "prompt, tokens", cell: (t) => figure(t.promptTokens) },
  { label: "first token, ms", cell: (t) => figure(t.firstTokenMs) },
  { label: "tokens per second", cell: (t) => (cameAtOnce(t) ? "at once" : figure(t.tokensPerSecond)) },
  { label: "total, ms", cell: (t) => figure(t.totalMs) },
];
const LABEL_WIDTH = 24;
const COLUMN_WIDTH = 13;

export type ArmAnswers = Readonly<Record<Arm, Answer>>;

/** The timings of each question, the four arms side by side, at most 80 characters wide. */
export function timingTable(questions: readonly ArmAnswers[], paint: Paint): string[] {
  const width = LABEL_WIDTH + ARMS.length * COLUMN_WIDTH;
  const head = `  ${"".padEnd(LABEL_WIDTH - 2)}${ARMS.map((arm) => arm.padStart(COLUMN_WIDTH)).join("")}`;
  const lines = [paint("bold", head), paint("dim", `  ${"─".repeat(width - 2)}`)];
  questions.forEach((answers, index) => {
    ROWS.forEach(({ label, cell }, row) => {
      const number = row === 0 ? `${index + 1}` : " ";
      const cells = ARMS.map((arm) => cell(answers[arm].timings).padStart(COLUMN_WIDTH)).join("");
      lines.push(`  ${number}  ${label.padEnd(LABEL_WIDTH - 5)}${cells}`);
    });
    if (index < questions.length - 1) lines.push("");
  });
  if (questions.some((answers) => ARMS.some((arm) => cameAtOnce(answers[arm].timings)))) {
    lines.push(
      "",
      paint("dim", "  at once: one sentence was allowed, and it was read together with the prompt."),
    );
  }
  return lines;
}

/** Whole from ten on, one decimal below; a step that did not run has none. */
function figure(value: number): string {
  if (!(value > 0)) return "–";
  if (value < 9.95) return value.toFixed(1);
  return Math.round(value).toLocaleString("en");
}
