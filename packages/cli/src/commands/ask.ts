import { type Answer, MAX_TOP_K, type Principal, usesSources } from "@advisor/contracts";
import type { Advisor, AskRequest } from "@advisor/core";
import { absentStore } from "../absent-parts.ts";
import { runBatch } from "../batch.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { emptyTenantWarnings } from "../empty-tenant.ts";
import {
  type AnswerFlags,
  answerChoiceOf,
  asOfOption,
  type BatchFlags,
  neighboursOf,
  parseGrounding,
  parseNumber,
  principalOf,
  type TimeFlags,
} from "../flags.ts";
import { createAnswerWriter, writeAnswerFoot, writeAnswerText } from "../output/answer.ts";
import { createLocate } from "../output/locate.ts";
import { writeSearchTimings } from "../output/passages.ts";
import { createProgressLine, type ProgressLine } from "../output/progress-line.ts";
import { writeWarnings } from "../output/warnings.ts";
import { questionOf } from "../question.ts";
import { answerLine } from "../result-lines.ts";
import { storeLocation } from "../store-flag.ts";
import { allOf, filterOf } from "../where.ts";
import { requireKnownRoles, requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface AskFlags extends AnswerFlags, BatchFlags, TimeFlags {}

const MAX_TOKENS = 131_072;
const MAX_SEED = 0xffffffff;
const MAX_TEMPERATURE = 10;

/** `advisor ask QUESTION`. */
export async function ask(context: CommandContext, words: readonly string[], flags: AskFlags): CommandResult {
  const asked = questionOf("ask", words, flags);
  const principal = principalOf(flags);
  const request = { ...requestOf(flags, principal, context.signal), ...asOfOption(flags) };
  if (usesSources(request.mode)) requireStore(context, flags);

  const progress = createProgressLine(context.host, { json: flags.json === true });
  progress.say("Loading");
  try {
    const settings = settingsOf(context, flags, progress.show);
    const sources = usesSources(request.mode);
    const parts = sources ? settings : { ...settings, store: absentStore(storeLocation(context, flags)) };
    return await withAdvisor(context, parts, async (advisor) => {
      // All parts at once: what the model takes to load, the store and its embedder take too. Without sources it is the
      // model alone. Either way the timings of the answer are not those of loading.
      if (sources) await Promise.all([requireKnownRoles(advisor, principal), advisor.warmUp()]);
      else await advisor.status();
      if (asked.batch) {
        return runBatch(context, {
          file: asked.file,
          concurrency: asked.concurrency,
          onDone: (done) => progress.show({ stage: "answering", done, unit: "questions" }),
          answer: async ({ id, question, filter }) => {
            const both = allOf([request.filter, filter]);
            return answerLine(id, await advisor.ask({ ...request, question, ...(both && { filter: both }) }));
          },
        });
      }
      progress.say("Answering");
      const answer = await answerOne(
        context,
        advisor,
        { ...request, question: asked.question },
        flags.json === true,
        progress,
      );
      if (flags.timings && !flags.json && answer.timings.search) {
        await writeSearchTimings(context.terminal, answer.timings.search);
      }
    });
  } finally {
    progress.end();
  }
}

/** One question with everything the flags say of it, the question itself left out. */
export function requestOf(flags: AnswerFlags, principal: Principal, signal: AbortSignal) {
  const number = parseNumber;
  const filter = filterOf(flags);
  return {
    ...answerChoiceOf(flags),
    principal,
    signal,
    ...(filter && { filter }),
    ...neighboursOf(flags),
    ...(flags.grounding !== undefined && { grounding: parseGrounding(flags.grounding) }),
    ...(flags.topK !== undefined && { topK: number("--top-k", flags.topK, { min: 1, max: MAX_TOP_K }) }),
    ...(flags.maxTokens !== undefined && {
      maxTokens: number("--max-tokens", flags.maxTokens, { min: 1, max: MAX_TOKENS }),
    }),
    ...(flags.temperature !== undefined && {
      temperature: number("--temperature", flags.temperature, { min: 0, max: MAX_TEMPERATURE, whole: false }),
    }),
    ...(flags.seed !== undefined && { seed: number("--seed", flags.seed, { min: 0, max: MAX_SEED }) }),
    ...(flags.prompt && { includePrompt: true }),
  };
}

/** Answers one question on the terminal: word by word where a person watches, whole elsewhere. */
export async function answerOne(
  { terminal }: Pick<CommandContext, "terminal">,
  advisor: Advisor,
  request: AskRequest & { readonly principal: Principal },
  json: boolean,
  progress: ProgressLine,
) {
  if (json) {
    const answer = await withHints(await advisor.ask(request));
    progress.pause();
    await terminal.line(JSON.stringify(answerLine(answer.id, answer)));
    return answer;
  }
  const answer = await withHints(terminal.live ? await streamed() : await advisor.ask(request));
  progress.pause();
  if (!terminal.live) await writeAnswerText(terminal, answer.text);
  const { principal, asOf } = request;
  const locate = createLocate((id) => advisor.document(id, { principal, ...(asOf && { asOf }) }));
  await writeAnswerFoot(terminal, answer, locate);
  await writeWarnings(terminal, answer.warnings);
  return answer;

  async function withHints(answer: Answer): Promise<Answer> {
    if (!usesSources(answer.mode) || answer.passages.length > 0) return answer;
    const empty = await emptyTenantWarnings(advisor, request.principal.tenant);
    return { ...answer, warnings: [...answer.warnings, ...empty] };
  }

  async function streamed() {
    const writer = createAnswerWriter(terminal);
    for await (const event of advisor.stream(request)) {
      if (event.type === "answer") {
        progress.pause();
        await writer.end();
        return event.answer;
      }
      if (event.type === "text") {
        progress.pause();
        await writer.push(event.text);
      }
    }
    throw new Error("the stream ended without an answer");
  }
}
