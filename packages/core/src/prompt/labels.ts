/** Names of sentences in a prompt whose format has `sentenceLabels`: pieces of one letter, which every vocabulary has. */
export const LABELS: readonly string[] = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** The number of its source, by label. */
export type Labels = ReadonlyMap<string, number>;

/**
 * Turns what a labelling model writes into what a reader sees, piece by piece as it comes: a line that is a label goes, and
 * the line after it ends with the number of its source. All other text passes unchanged. A label is only held back until
 * the line break after it, so nothing else is delayed.
 */
export class LabelReader {
  readonly #labels: Labels;
  readonly #citation: (n: number) => string;
  /** A line's beginning that may still turn out to be a label; undefined in the middle of a line. */
  #beginning: string | undefined = "";
  /** The source of the line being passed on. */
  #source: number | undefined;

  constructor(labels: Labels, citation: (n: number) => string) {
    this.#labels = labels;
    this.#citation = citation;
  }

  /** What can be shown once `piece` has been written too. */
  read(piece: string): string {
    let shown = "";
    for (const part of piece.split(/(\n)/)) {
      if (part === "") continue;
      shown += part === "\n" ? this.#endLine() : this.#passOn(part);
    }
    return shown;
  }

  /** What is left when the model has ended: a label with nothing after it chose nothing and stays as written. */
  end(): string {
    const rest = (this.#beginning ?? "") + this.#mark();
    this.#beginning = "";
    return rest;
  }

  readWhole(text: string): string {
    return this.read(text) + this.end();
  }

  #passOn(part: string): string {
    if (this.#beginning === undefined) return part;
    const line = this.#beginning + part;
    // Only a line without a source of its own can be a label: "c" after "c" is a sentence that is one letter.
    if (this.#source === undefined && this.#labels.has(line)) {
      this.#beginning = line;
      return "";
    }
    this.#beginning = undefined;
    return line;
  }

  #endLine(): string {
    const label = this.#beginning;
    this.#beginning = "";
    const n = label ? this.#labels.get(label) : undefined;
    if (n !== undefined && this.#source === undefined) {
      this.#source = n;
      return "";
    }
    return `${label ?? ""}${this.#mark()}\n`;
  }

  #mark(): string {
    const n = this.#source;
    this.#source = undefined;
    return n === undefined ? "" : ` ${this.#citation(n)}`;
  }
}
