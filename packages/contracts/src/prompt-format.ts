import { z } from "zod";

/**
 * How a question and its sources are laid out in the chat messages. A small model knows only the layout it was trained
 * on, so its card carries this; other models get core's default.
 */
export const promptFormatSchema = z
  .strictObject({
    /** System message when sources are given and marks are asked for. */
    system: z.string(),
    /** System message of the arms without sources. */
    systemWithoutSources: z.string(),
    /** Before each source, whose text follows directly; `{n}` and `{title}` are filled in. Sources are joined by a line break. */
    sourceHeader: z.string(),
    /** Between a source's sentences: a line break for models trained on one sentence a line; null leaves the text as it is. */
    sentenceSeparator: z.string().nullable(),
    /**
     * True for models that answer by pointing: each sentence stands under a letter of its own, on a line of its own, and a
     * line of the answer that is `c` and nothing else is shown as that sentence, word for word, with the number of its
     * source. A single token chooses and says all of it, and neither words nor number can be wrong. An adapter whose form
     * is JSON writes the letter into its evidence slots. Needs a separator with a line break. Default false.
     */
    sentenceLabels: z.boolean().optional(),
    /** Directly after the last source, so it starts with its own line breaks; `{question}` is filled in. */
    question: z.string(),
    /** Of the arms without sources. */
    questionWithoutSources: z.string(),
    /**
     * False for a model that was never trained on conversations: earlier turns then reach it only as words added to a
     * follow-up question. Default true: they are sent as messages.
     */
    conversation: z.boolean().optional(),
    /** After a statement; `{n}` is filled in. */
    citation: z.string(),
    /** What the model says when the sources do not hold the answer. */
    refusal: z.string().min(1),
  })
  .refine(
    ({ sentenceLabels, sentenceSeparator }) => !sentenceLabels || sentenceSeparator?.includes("\n") === true,
    { path: ["sentenceLabels"], message: "needs a sentenceSeparator with a line break" },
  );
/** A layout of questions and sources. */
export type PromptFormat = z.infer<typeof promptFormatSchema>;
