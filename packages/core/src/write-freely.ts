import type { Citation, GenerateRequest, GenerateResult, Warning } from "@advisor/contracts";
import type { PreparedQuestion } from "./ask.ts";
import { checkCitations } from "./grounding/citations.ts";
import { isRefusal } from "./grounding/refusal.ts";
import { SlotLabelReader } from "./grounding/slot-labels.ts";
import { readSlots } from "./grounding/slots.ts";
import { fill } from "./prompt/fill.ts";
import { type AnswerReader, LabelReader, type Quote } from "./prompt/labels.ts";
import { layOutSources } from "./prompt/layout.ts";
import { generateText, type Writing } from "./written.ts";

/** The arms without sources, and `cited`: the model writes as it likes, and what it cites is checked afterwards. */
export async function* writeFreely(question: PreparedQuestion): Writing {
  const { profile, generator, prompt } = question;
  const warnings: Warning[] = [];
  const reliable = profile.reliablePromptTokens;
  if (reliable !== undefined && prompt.promptTokens > reliable) {
    warnings.push({
      code: "prompt_over_reliable_length",
      message: `The prompt has ${prompt.promptTokens} tokens; ${generator.model.name} was found reliable up to ${reliable}. Ask for fewer passages (topK), or use quoted grounding`,
    });
  }
  const result = yield* generateText(
    generator,
    generateRequest(question),
    question.listens,
    answerReaders(question),
  );
  warnings.push(...result.warnings);
  if (result.finish === "length") {
    warnings.push({
      code: "answer_cut",
      message: `The answer was cut after ${result.completionTokens} tokens. Raise maxTokens for a longer one`,
    });
  }
  const common = { text: result.text, result, warnings };
  if (question.grounding === undefined) return { ...common, refused: false, citations: [], groundingMs: 0 };

  const start = question.now();
  const said = statementsOf(question, result);
  const refused = isRefusal(said, profile.promptFormat);
  const citations = refused ? [] : checkCitations({ text: said, passages: question.passages });
  return {
    ...common,
    refused,
    citations,
    groundingMs: question.now() - start,
    warnings: [...warnings, ...doubts(citations)],
  };
}

/**
 * Where the model names sentences by label, what turns its text into the reader's. A JSON format of the request's own is
 * the model's own words; an adapter whose form is JSON names sentences in its evidence slots.
 */
function answerReaders({
  profile,
  passages,
  grounding,
  request,
  adapter,
}: PreparedQuestion): (() => AnswerReader) | undefined {
  const { promptFormat } = profile;
  if (!promptFormat.sentenceLabels || grounding === undefined || request.format) return undefined;
  const { labels } = layOutSources(promptFormat, passages);
  const quote: Quote = ({ text, n }) => `${text} ${fill(promptFormat.citation, { n: String(n) })}`;
  const form = adapter?.loaded.manifest.form;
  return form?.type === "json"
    ? () => new SlotLabelReader(labels, quote, form.evidenceSlots)
    : () => new LabelReader(labels, quote);
}

/** What the arms ask of the model, the restriction of `quoted` aside. */
export function generateRequest(question: PreparedQuestion): GenerateRequest {
  const { request, adapter, prompt, signal } = question;
  return {
    messages: prompt.messages,
    ...(adapter ? { adapter: adapter.selection } : {}),
    maxTokens: request.maxTokens,
    temperature: request.temperature,
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.format === undefined ? {} : { format: request.format }),
    signal,
  };
}

/** What an answer states: the strings of a JSON format, the evidence slots of an adapter's JSON, else the text itself. */
function statementsOf({ request, adapter }: PreparedQuestion, result: GenerateResult): string {
  if (request.format?.type === "json") return stringsOf(result.json).join("\n");
  const form = adapter?.loaded.manifest.form;
  if (form?.type !== "json") return result.text;
  try {
    return readSlots(JSON.parse(result.text), form.evidenceSlots).flatMap(stringsOf).join("\n");
  } catch {
    return result.text;
  }
}

/** In a JSON answer the statements are its strings; an array such as `[1]` is no citation. */
function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsOf);
}

function doubts(citations: readonly Citation[]): Warning[] {
  const marks = (verdict: Citation["verdict"]) =>
    [...new Set(citations.filter((each) => each.verdict === verdict).map(({ n }) => `[${n}]`))].join(", ");
  const misattributed = marks("misattributed");
  const stitched = marks("stitched");
  const fabricated = marks("fabricated");
  return [
    ...(misattributed
      ? [
          {
            code: "citation_misattributed",
            message: `Another source than the cited one says what stands at ${misattributed}`,
          },
        ]
      : []),
    ...(stitched
      ? [
          {
            code: "citation_stitched",
            message: `What stands at ${stitched} is pieced together from places that do not stand together in the sources`,
          },
        ]
      : []),
    ...(fabricated
      ? [
          {
            code: "citation_fabricated",
            message: `No source says what stands at ${fabricated}`,
          },
        ]
      : []),
  ];
}
