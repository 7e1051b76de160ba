import type { Advisor, Answer } from "@advisor/core";
import { ARMS, type Arm } from "../../shared/wire.ts";
import { principalOf, roleLabel } from "../roles.ts";
import { painter, type TextStream } from "../terminal/style.ts";
import { wrap } from "../terminal/wrap.ts";
import { answerLines, armMeaning } from "./answer-lines.ts";
import { TOUR_QUESTIONS } from "./questions.ts";
import { type ArmAnswers, timingTable } from "./timing-table.ts";

export interface TourSettings {
  readonly advisor: Advisor;
  readonly out: TextStream;
  readonly signal: AbortSignal;
}

/** Three questions in each of the four arms, then where the time went. */
export async function runTour({ advisor, out, signal }: TourSettings): Promise<void> {
  const paint = painter(out);
  const print = (...lines: readonly string[]) => out.write(lines.map((line) => `${line}\n`).join(""));

  print("", paint("bold", "One question, four arms"), "");
  for (const arm of ARMS) print(`  ${arm.padEnd(11)}${paint("dim", armMeaning(arm))}`);

  const asked: ArmAnswers[] = [];
  for (const [index, { question, role, shows, otherRole }] of TOUR_QUESTIONS.entries()) {
    const number = `${index + 1}  `;
    const [first = "", ...rest] = wrap(question, 80 - 4);
    print("", paint("bold", `${number}${first}`), ...rest.map((line) => paint("bold", `   ${line}`)));
    print(paint("dim", `   asked as ${roleLabel(role)}: ${shows}`), "");
    const answers: Partial<Record<Arm, Answer>> = {};
    for (const arm of ARMS) {
      const answer = await advisor.ask({ question, mode: arm, principal: principalOf(role), signal });
      answers[arm] = answer;
      print(...answerLines(arm, answer, paint));
    }
    asked.push(answers as ArmAnswers);
    if (otherRole) {
      const answer = await advisor.ask({
        question,
        mode: "retrieval",
        principal: principalOf(otherRole),
        signal,
      });
      print("", `   ${paint("dim", `The same question, asked as ${roleLabel(otherRole)}:`)}`, "");
      print(...answerLines("retrieval", answer, paint));
    }
  }

  print("", paint("bold", "Where the time went"), "", ...timingTable(asked, paint));
  print("", ...wrap(WHAT_IS_SEEN, 78).map((line) => `  ${line}`));
}

/** Also what is not to be seen: the model alone knows nothing of this company. */
const WHAT_IS_SEEN = `What you see is the seam: retrieval changed what the model knows, the adapter changed how it \
says it, hybrid did both, and the role changed what may be known at all.
The model is tiny and alone knows nothing of this company, and says so.`;
