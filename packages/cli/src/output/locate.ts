import type { Document } from "@advisor/contracts";

/** Finds the line of an offset in a document's file, or undefined where the stored text is not the file's. */
export type Locate = (place: {
  readonly documentId?: string;
  readonly start?: number;
}) => Promise<number | undefined>;

/** The text of these is extracted, so its lines are not the file's. */
const EXTRACTED = /\.(?:x?html?|pdf|docx)$/i;

/** A {@link Locate} that reads each document once. Not finding one is no reason to fail: it only leaves the line out. */
export function createLocate(read: (documentId: string) => Promise<Document | undefined>): Locate {
  const documents = new Map<string, Promise<Document | undefined>>();
  return async ({ documentId, start }) => {
    if (documentId === undefined || start === undefined) return undefined;
    let reading = documents.get(documentId);
    if (!reading) {
      reading = read(documentId).catch(() => undefined);
      documents.set(documentId, reading);
    }
    const document = await reading;
    if (!document || EXTRACTED.test(document.uri)) return undefined;
    return lineAt(document.text, start);
  };
}

/** The line of an offset, from 1. A line ends with LF, CRLF or a lone CR. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (const match of text.slice(0, offset).matchAll(/\r\n|\n|\r/g)) {
    if (match) line++;
  }
  // An offset between the two characters of a CRLF still belongs to the line that they end.
  return text[offset - 1] === "\r" && text[offset] === "\n" ? line - 1 : line;
}
