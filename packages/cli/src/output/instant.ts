/** An ISO 8601 instant as people read it: `2026-03-01 09:00:00 UTC`. */
export function instantWords(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
