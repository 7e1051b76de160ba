import { type Passage, placeWords } from "@advisor/contracts";

/** Titles and headings are shown up to this length, in UTF-16 units: they say where a text stands, and are none. */
const MAX_LABEL_LENGTH = 200;
/** The least text that is worth showing of a passage that does not fit whole. */
const MIN_CUT_LENGTH = 200;

/** A passage as a model sees it. */
export interface NumberedPassage {
  /** Stands for this passage in the whole conversation. */
  readonly n: number;
  readonly id: string;
  readonly uri: string;
  readonly title: string;
  /** The headings above it, outermost first. */
  readonly headings: readonly string[];
  /** Its page, rows or lines, such as `page 3`. */
  readonly place?: string;
  readonly text: string;
  /** Set when the text is only the passage's beginning, for length. */
  readonly cut?: true;
}

/** Gives each passage one number for a whole conversation, and keeps results within a length. */
export interface PassageRegister {
  /** Numbers the passages that fit, best first; those that do not are counted. */
  add(passages: readonly Passage[]): { readonly shown: readonly NumberedPassage[]; readonly left: number };
  passages(): readonly Passage[];
}

/** @param maxCharacters Limit on the JSON of one result's passages, in UTF-16 units. */
export function createPassageRegister(maxCharacters: number): PassageRegister {
  const known: Passage[] = [];
  const numbers = new Map<string, number>();

  const numberOf = (passage: Passage): number => {
    // Another version of a document is another text, even where the passage kept its place.
    const key = `${passage.id} ${passage.version}`;
    const found = numbers.get(key);
    if (found !== undefined) return found;
    numbers.set(key, known.push(passage));
    return known.length;
  };

  return {
    add(passages) {
      const shown: NumberedPassage[] = [];
      let room = maxCharacters;
      for (const passage of passages) {
        const whole = { n: known.length + 1, ...labelsOf(passage), text: passage.text };
        const length = lengthOf(whole);
        if (length <= room) {
          shown.push({ ...whole, n: numberOf(passage) });
          room -= length;
        } else if (shown.length === 0) {
          // The best passage alone is too long. Its beginning is better than nothing.
          const text = beginning(whole, room);
          if (text !== undefined) shown.push({ ...whole, n: numberOf(passage), text, cut: true });
          break;
        } else break;
      }
      return { shown, left: passages.length - shown.length };
    },
    passages: () => [...known],
  };
}

function labelsOf({ id, uri, title, headings, place }: Passage): Omit<NumberedPassage, "n" | "text"> {
  return {
    id,
    uri: label(uri),
    title: label(title),
    headings: headings.slice(-3).map(label),
    ...(place && { place: placeWords(place) }),
  };
}

function label(text: string): string {
  return text.length <= MAX_LABEL_LENGTH ? text : `${upTo(text, MAX_LABEL_LENGTH)}…`;
}

function lengthOf(passage: NumberedPassage): number {
  return JSON.stringify(passage).length;
}

/** The longest beginning of the text with which the passage fits. */
function beginning(passage: NumberedPassage, room: number): string | undefined {
  let low = 0;
  let high = passage.text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const fits = lengthOf({ ...passage, text: passage.text.slice(0, middle), cut: true }) <= room;
    if (fits) low = middle;
    else high = middle - 1;
  }
  const text = upTo(passage.text, low);
  return text.length >= MIN_CUT_LENGTH ? text : undefined;
}

/** The beginning of a text, without half of a surrogate pair at its end. */
function upTo(text: string, length: number): string {
  const splitsPair = length < text.length && /[\ud800-\udbff]/.test(text[length - 1] ?? "");
  return text.slice(0, splitsPair ? length - 1 : length);
}
