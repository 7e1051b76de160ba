import type {
  AdapterForm,
  AnswerEvent,
  Citation,
  GenerateRequest,
  GenerateResult,
  Generator,
  PromptFormat,
  Warning,
} from "@advisor/contracts";
import { ModelError } from "@advisor/contracts";
import { type AnswerReader, readWhole } from "./prompt/labels.ts";

/** What the writing of an answer comes to. */
export interface Written {
  readonly text: string;
  readonly refused: boolean;
  readonly citations: readonly Citation[];
  readonly groundingMs: number;
  readonly warnings: readonly Warning[];
  /** Absent when the model was not called. */
  readonly result?: GenerateResult;
}

/** Streams text as it is written and returns what it came to. */
export type Writing = AsyncGenerator<AnswerEvent, Written, undefined>;

/**
 * Says that the sources hold no answer, without calling the model: in the opening and closing words of the adapter when
 * it has such a form, so that a refusal does not fall out of its voice.
 */
export async function* refuse(
  { refusal }: Pick<PromptFormat, "refusal">,
  form?: AdapterForm,
  groundingMs = 0,
): Writing {
  const text =
    form?.type === "wrapped" ? [form.opening[0], refusal, form.closing[0]].join(form.separator) : refusal;
  yield { type: "text", text };
  return { text, refused: true, citations: [], groundingMs, warnings: [] };
}

/**
 * Returns the model's result, and passes its text on as it comes if somebody `listens`: each piece has a way to go that
 * costs a small model a tenth of its speed. With `newReader` both are as it shows them.
 */
export async function* generateText(
  generator: Generator,
  request: GenerateRequest,
  listens: boolean,
  newReader?: () => AnswerReader,
): AsyncGenerator<AnswerEvent, GenerateResult, undefined> {
  const streamed = newReader?.();
  for await (const event of generator.generate(request)) {
    if (event.type === "done") {
      const rest = streamed?.end();
      if (listens && rest) yield { type: "text", text: rest };
      return newReader ? { ...event.result, text: readWhole(newReader(), event.result.text) } : event.result;
    }
    if (!listens) continue;
    const text = streamed ? streamed.read(event.text) : event.text;
    if (text) yield { type: "text", text };
  }
  throw new ModelError({
    code: "model_failed",
    subject: generator.model.name,
    reason: "it stopped without a result",
    nextStep: "Ask again; if it stays so, check the generator's generate",
  });
}
