import { stripVTControlCharacters } from "node:util";

/**
 * Control characters, and the marks that reorder text: a page must not be able to move the cursor, rename the window
 * or make a quote read backwards in the reader's terminal. Line breaks and tabs stay.
 */
const UNPRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is removed
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from documents, models and file names, made safe to show on a terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text.replaceAll("\r\n", "\n")).replace(UNPRINTABLE, "");
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}
