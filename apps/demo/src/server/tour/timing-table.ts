import type { Answer, AnswerTimings } from "@advisor/core";
import { ARMS, type Arm } from "../../shared/wire.ts";
import type { Paint } from "../terminal/style.ts";

const ROWS: readonly { readonly label: string; readonly of: (timings: AnswerTimings) => number }[] = [
  { label: "retrieval, ms", of: (t) => t.retrievalMs },
  { label: "prompt, tokens", of: (t) => t.promptTokens },
  { label: "first token, ms", of: (t) => t.firstTokenMs },
  { label: "tokens per second", of: (t) => t.tokensPerSecond },
  { label: "total, ms", of: (t) => t.totalMs },
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
    ROWS.forEach(({ label, of }, row) => {
      const number = row === 0 ? `${index + 1}` : " ";
      const cells = ARMS.map((arm) => figure(of(answers[arm].timings)).padStart(COLUMN_WIDTH)).join("");
      lines.push(`  ${number}  ${label.padEnd(LABEL_WIDTH - 5)}${cells}`);
    });
    if (index < questions.length - 1) lines.push("");
  });
  return lines;
}

/** Whole from ten on, one decimal below; a step that did not run has none. */
function figure(value: number): string {
  if (!(value > 0)) return "–";
  if (value < 9.95) return value.toFixed(1);
  return Math.round(value).toLocaleString("en");
}
