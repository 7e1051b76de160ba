import type { AnswerReader, Labels, Quote } from "../prompt/labels.ts";
import { fillSlots } from "./slots.ts";

/**
 * Puts the sentences that labels name into the evidence slots of a JSON answer, as `quoted` grounding writes them there.
 * Half of a JSON answer is of no use, so nothing is shown before its end. What is not JSON, and a slot that holds no label,
 * stays as it is written.
 */
export class SlotLabelReader implements AnswerReader {
  readonly #labels: Labels;
  readonly #quote: Quote;
  readonly #slots: readonly string[];
  #text = "";

  constructor(labels: Labels, quote: Quote, slots: readonly string[]) {
    this.#labels = labels;
    this.#quote = quote;
    this.#slots = slots;
  }

  read(piece: string): string {
    this.#text += piece;
    return "";
  }

  end(): string {
    const text = this.#text;
    this.#text = "";
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return text;
    }
    let named = false;
    const filled = fillSlots(value, this.#slots, (written) => {
      const sentence = typeof written === "string" ? this.#labels.get(written) : undefined;
      if (!sentence) return written;
      named = true;
      return this.#quote(sentence);
    });
    return named ? JSON.stringify(filled) : text;
  }
}
