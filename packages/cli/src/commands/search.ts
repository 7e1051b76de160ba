import { randomUUID } from "node:crypto";
import { BadInputError, MAX_TOP_K } from "@advisor/contracts";
import { absentModel } from "../absent-parts.ts";
import { runBatch } from "../batch.ts";
import type { CommandContext, CommandResult } from "../context.ts";
import { emptyTenantWarnings } from "../empty-tenant.ts";
import {
  type AskerFlags,
  asOfOption,
  type BatchFlags,
  neighboursOf,
  type PassageFlags,
  parseNumber,
  parseSearchMode,
  principalOf,
  type TimeFlags,
} from "../flags.ts";
import { createLocate } from "../output/locate.ts";
import { writePassages, writeSearchTimings } from "../output/passages.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { writeWarnings } from "../output/warnings.ts";
import { questionOf } from "../question.ts";
import type { RerankFlags } from "../reranker-flag.ts";
import { searchLine } from "../result-lines.ts";
import { allOf, filterOf } from "../where.ts";
import { requireKnownRoles, requireStore, settingsOf, withAdvisor } from "../with-advisor.ts";

export interface SearchFlags extends AskerFlags, BatchFlags, PassageFlags, RerankFlags, TimeFlags {
  readonly mode?: string;
  readonly full?: boolean;
}

/** `advisor search QUERY`. */
export async function search(
  context: CommandContext,
  words: readonly string[],
  flags: SearchFlags,
): CommandResult {
  const { host, signal, terminal } = context;
  const asked = questionOf("search", words, flags);
  const principal = principalOf(flags);
  const time = asOfOption(flags);
  const filter = filterOf(flags);
  const options = {
    principal,
    signal,
    ...time,
    ...(filter && { filter }),
    ...neighboursOf(flags),
    ...(flags.mode !== undefined && { mode: parseSearchMode(flags.mode) }),
    ...(flags.topK !== undefined && { topK: parseNumber("--top-k", flags.topK, { min: 1, max: MAX_TOP_K }) }),
  };
  if (flags.reranker !== undefined && options.mode !== undefined && options.mode !== "hybrid") {
    throw new BadInputError({
      code: "invalid_request",
      subject: `--reranker with --mode ${options.mode}`,
      reason: "a reranker reads the passages of a hybrid search alone",
      nextStep: "Leave out one of the two",
    });
  }
  requireStore(context, flags);

  const progress = createProgressLine(host, { json: flags.json === true });
  progress.say("Opening the store");
  try {
    const settings = { ...settingsOf(context, flags, progress.show), model: absentModel() };
    return await withAdvisor(context, settings, async (advisor) => {
      await requireKnownRoles(advisor, principal);
      if (asked.batch) {
        return runBatch(context, {
          file: asked.file,
          concurrency: asked.concurrency,
          onDone: (done) => progress.show({ stage: "searching", done, unit: "questions" }),
          answer: async ({ id, question, filter: own }) => {
            const both = allOf([filter, own]);
            return searchLine(
              id,
              await advisor.search(question, { ...options, ...(both && { filter: both }) }),
            );
          },
        });
      }
      progress.say("Searching");
      const found = await advisor.search(asked.question, options);
      const empty = found.passages.length === 0 ? await emptyTenantWarnings(advisor, principal.tenant) : [];
      const result = { ...found, warnings: [...found.warnings, ...empty] };
      progress.end();
      if (flags.json) {
        await terminal.line(JSON.stringify(searchLine(randomUUID(), result)));
        return;
      }
      const locate = createLocate((id) => advisor.document(id, { principal, ...time }));
      await writePassages(terminal, result, { locate, full: flags.full === true });
      if (flags.timings) await writeSearchTimings(terminal, result.timings);
      await writeWarnings(terminal, result.warnings);
    });
  } finally {
    progress.end();
  }
}
