import type { MediaType } from "@advisor/contracts";
import { ISOLATED_LENGTH, type IsolatedReader } from "../extract/isolated-reader.ts";
import type { SourceDocument } from "./prepare.ts";

/** Has a long text read in the worker, under limits; a short one is read where it is. */
export function readIsolated(
  { content, mediaType, uri }: Pick<SourceDocument, "content" | "uri" | "mediaType">,
  reader: IsolatedReader,
  signal: AbortSignal | undefined,
): Pick<SourceDocument, "read"> {
  if (content.length <= ISOLATED_LENGTH) return {};
  const source = { content, mediaType: mediaType as MediaType, uri };
  return { read: () => reader.readText(source, signal) };
}
