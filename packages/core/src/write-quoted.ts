import { BadInputError, type Citation, ModelError, type Passage, type Warning } from "@advisor/contracts";
import type { PreparedQuestion } from "./ask.ts";
import { origin } from "./grounding/citations.ts";
import { type EvidenceSentence, scoreEvidence } from "./grounding/evidence.ts";
import { planQuoted, type QuotedEvidence } from "./grounding/quoted.ts";
import { generateRequest } from "./write-freely.ts";
import { generateText, refuse, type Writing } from "./written.ts";

/**
 * `quoted`: the sentences of the passages in the prompt are scored, and the model can write nothing but one of the best
 * with its true `[n]`, inside its adapter's form. When none is good enough, the refusal, without the model.
 */
export async function* writeQuoted(question: PreparedQuestion): Writing {
  const { generator, profile, passages, prompt, adapter } = question;
  if (!generator.capabilities.formats) {
    throw new BadInputError({
      code: "invalid_request",
      subject: "ask request, grounding",
      reason: `quoted grounding restricts what the model may write, and ${generator.model.name} cannot be restricted`,
      nextStep: 'Set grounding to "cited"',
    });
  }
  const start = question.now();
  const evidence = await findEvidence(question);
  const room = generator.model.contextLength - prompt.promptTokens;
  const fitting = evidence.filter((sentence) => fits(sentence, room, question));
  const form = adapter?.loaded.manifest.form;
  const plan = planQuoted({
    evidence: fitting,
    settings: profile.evidence,
    prompt: profile.promptFormat,
    ...(form ? { form } : {}),
  });
  const groundingMs = question.now() - start;
  // A JSON form has no words of ours to put the refusal in; there the model writes it, restricted like any answer.
  if (plan.refused && form?.type !== "json") {
    return yield* refuse(profile.promptFormat, form, groundingMs);
  }

  const result = yield* generateText(
    generator,
    {
      ...generateRequest(question),
      format: plan.format,
      // Evidence is never cut: the plan's language ends the answer, not a number of tokens.
      maxTokens: room,
    },
    question.listens,
  );
  const parsed = plan.parse(result.text);
  if (!parsed) {
    throw new ModelError({
      code: "model_failed",
      subject: generator.model.name,
      reason: "it wrote something other than what quoted grounding allows",
      nextStep: 'Set grounding to "cited", or check that the generator honours its format',
    });
  }
  return {
    text: result.text,
    refused: parsed.refused,
    citations: parsed.evidence.map((each) => cite(each, passages)),
    groundingMs,
    warnings: [...result.warnings, ...(form?.type === "free" ? [voiceless(adapter?.selection.name)] : [])],
    result,
  };
}

async function findEvidence(question: PreparedQuestion): Promise<readonly EvidenceSentence[]> {
  const { profile, generator, adapter, prompt } = question;
  const { embeddingWeight, likelihoodWeight } = profile.evidence;
  const asked = likelihoodWeight > 0 && generator.capabilities.likelihood ? generator.likelihoods : undefined;
  return scoreEvidence({
    question: question.followUp.text,
    passages: question.passages,
    settings: profile.evidence,
    ...(embeddingWeight > 0 ? { embedder: await question.parts.embedder() } : {}),
    ...(asked
      ? {
          likelihood: (candidates: readonly string[], signal?: AbortSignal) =>
            asked.call(generator, {
              messages: prompt.messages,
              ...(adapter ? { adapter: adapter.selection } : {}),
              candidates,
              ...(signal ? { signal } : {}),
            }),
        }
      : {}),
    signal: question.signal,
  });
}

function voiceless(name = "the adapter"): Warning {
  return {
    code: "adapter_form_free",
    message: `The manifest of ${name} declares no form, so quoted grounding leaves it no words of its own. Declare its opening and closing words, or use cited grounding`,
  };
}

/** Room for a citation mark and an adapter's words around a sentence. */
const MARK_BYTES = 128;

/** A token covers at least one byte of UTF-8, so a short sentence fits without being counted. */
function fits({ text }: EvidenceSentence, room: number, { generator }: PreparedQuestion): boolean {
  if (Buffer.byteLength(text) + MARK_BYTES <= room) return true;
  return generator.countTokens([{ role: "assistant", content: text }]) + MARK_BYTES <= room;
}
function cite({ n, sentence }: QuotedEvidence, passages: readonly Passage[]): Citation {
  const passage = passages[sentence.passageIndex];
  if (!passage) throw new RangeError(`no passage ${n}`);
  return {
    n,
    claim: sentence.text,
    ...origin(passage, sentence.start, sentence.end),
    quote: sentence.text,
    start: sentence.start,
    end: sentence.end,
    verdict: "verified",
  };
}
