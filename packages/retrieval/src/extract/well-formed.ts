/** The text with each lone surrogate replaced by U+FFFD: of the same length, and storable as UTF-8. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, "\ufffd");
}
