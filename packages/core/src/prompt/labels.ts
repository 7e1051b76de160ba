/** Names of sentences in a prompt whose format has `sentenceLabels`: letters, pieces of their own in every vocabulary; `I` is a word. */
export const LABELS: readonly string[] = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNOPQRSTUVWXYZ"];

/** What a label stands for. */
export interface LabelledSentence {
  /** As it stands in the prompt, on one line. */
  readonly text: string;
  /** The number of its source, from 1. */
  readonly n: number;
}

export type Labels = ReadonlyMap<string, LabelledSentence>;

/** Turns what a model writes into what a reader sees, piece by piece as it comes. */
export interface AnswerReader {
  /** What can be shown once `piece` has been written too. */
  read(piece: string): string;
  /** What is left when the model has ended. */
  end(): string;
}

/** The sentence that a label names, with the number of its source. */
export type Quote = (sentence: LabelledSentence) => string;

/**
 * Puts the sentence that a label names where a line is that label and nothing else. All other text passes unchanged; only a
 * line that may still turn out to be a label is held back, which is one letter.
 */
export class LabelReader implements AnswerReader {
  readonly #labels: Labels;
  readonly #quote: Quote;
  /** A line's beginning that may still turn out to be a label; undefined in the middle of another line. */
  #beginning: string | undefined = "";

  constructor(labels: Labels, quote: Quote) {
    this.#labels = labels;
    this.#quote = quote;
  }

  read(piece: string): string {
    let shown = "";
    for (const part of piece.split(/(\n)/)) {
      if (part === "") continue;
      shown += part === "\n" ? `${this.end()}\n` : this.#passOn(part);
    }
    return shown;
  }

  end(): string {
    const line = this.#beginning ?? "";
    this.#beginning = "";
    const named = this.#labels.get(line);
    return named ? this.#quote(named) : line;
  }

  #passOn(part: string): string {
    if (this.#beginning === undefined) return part;
    const line = this.#beginning + part;
    this.#beginning = this.#labels.has(line) ? line : undefined;
    return this.#beginning === undefined ? line : "";
  }
}

/** All that a reader sees of a whole text. */
export function readWhole(reader: AnswerReader, text: string): string {
  return reader.read(text) + reader.end();
}
