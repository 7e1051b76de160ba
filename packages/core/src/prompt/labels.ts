/** Names of sentences in a prompt whose format has `sentenceLabels`: pieces of one letter, which every vocabulary has. */
export const LABELS: readonly string[] = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** The number of its source, by label. */
export type Labels = ReadonlyMap<string, number>;

/**
 * Turns what a labelling model writes into what a reader sees, piece by piece as it comes: a line that is a label goes, and
 * the line after it ends with the number of its source, unless `citation` is undefined, as for JSON, which holds the number
 * itself. All other text passes unchanged. A label is only held back until the line break after it, so nothing else is
 * delayed.
 */
export class LabelReader {
  readonly #labels: Labels;
  readonly #citation: ((n: number) => string) | undefined;
  /** A line's beginning that may still turn out to be a label; undefined in the middle of a line. */
  #beginning: string | undefined = "";
  /** The label of the line being passed on. */
  #label: string | undefined;

  constructor(labels: Labels, citation: ((n: number) => string) | undefined) {
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

  /** What is left when the model has ended: a label with no sentence after it chose nothing and stays as written. */
  end(): string {
    const rest = this.#closeLine();
    this.#beginning = "";
    return rest;
  }

  readWhole(text: string): string {
    return this.read(text) + this.end();
  }

  #passOn(part: string): string {
    if (this.#beginning === undefined) return part;
    const line = this.#beginning + part;
    // Only a line without a label of its own can be a label: "c" after "c" is a sentence that is one letter.
    if (this.#label === undefined && this.#labels.has(line)) {
      this.#beginning = line;
      return "";
    }
    this.#beginning = undefined;
    return line;
  }

  #endLine(): string {
    const beginning = this.#beginning;
    if (beginning && this.#label === undefined) {
      this.#label = beginning;
      this.#beginning = "";
      return "";
    }
    const rest = this.#closeLine();
    this.#beginning = "";
    return `${rest}\n`;
  }

  /** What the line being passed on ends with. */
  #closeLine(): string {
    const label = this.#label;
    this.#label = undefined;
    if (label === undefined) return this.#beginning ?? "";
    if (this.#beginning === "") return `${label}\n`;
    return this.#citation ? ` ${this.#citation(this.#labels.get(label) as number)}` : "";
  }
}
