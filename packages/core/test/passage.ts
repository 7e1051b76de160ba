import type { Passage } from "@advisor/contracts";

/** The passage of one document. It lies somewhere inside it, so that offsets are not those of its own text. */
export function passage(text: string, index = 0, more: Partial<Passage> = {}): Passage {
  const start = more.start ?? 1000 * index + 17;
  return {
    id: `chunk-${index}`,
    documentId: `document-${index}`,
    ordinal: 0,
    text,
    start,
    end: start + text.length,
    headings: [],
    uri: `page-${index}.md`,
    title: "",
    version: "1",
    source: "test",
    score: 1 / (index + 1),
    ranks: {},
    ...more,
  };
}
