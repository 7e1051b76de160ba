import { extract } from "../src/extract/extract.ts";
import type { Page } from "../src/health/page.ts";

/** A page as it would be stored from this file. */
export function healthPage(uri: string, text: string, over: Partial<Page> = {}): Page {
  const { title = uri, roles = [], metadata } = extract(text, "text/markdown");
  return {
    documentId: over.documentId ?? `id-${uri}`,
    source: "s",
    uri,
    title,
    text,
    roles,
    metadata,
    ...over,
  };
}
