import { documentInputSchema, type OnProgress, parseInput, throwIfAborted } from "@advisor/contracts";
import { z } from "zod";
import { createIsolatedReader, type IsolatedReader } from "../extract/isolated-reader.ts";
import type { SourceDocument } from "./prepare.ts";
import { readIsolated } from "./read-isolated.ts";
import { storableName } from "./storable-name.ts";
import type { ChangeWriter } from "./write.ts";

/** Metadata is looked at document by document, so that one bad value leaves out one document. */
const inputSchema = documentInputSchema.extend({ uri: storableName, metadata: z.unknown().optional() });
type ParsedDocument = z.output<typeof inputSchema>;
const inputsSchema = z.array(inputSchema);

/** Documents that were checked, or that are as they come. */
export interface ParsedDocuments {
  /** Absent while it is not known: a stream. */
  readonly total?: number;
  readonly items: Iterable<ParsedDocument> | AsyncIterable<ParsedDocument>;
  /** Their names, where they are known. */
  readonly uris?: readonly string[];
}

/** A list is checked whole before anything is stored, a stream document by document. */
export function parseDocuments(documents: unknown): ParsedDocuments {
  if (isStream(documents)) return { items: parsedStream(documents) };
  const inputs = parseInput(inputsSchema, documents, "documents");
  // Of two documents with one uri the later one is meant.
  const byUri = new Map(inputs.map((input) => [input.uri, input]));
  return { total: byUri.size, items: byUri.values(), uris: [...byUri.keys()] };
}

async function* parsedStream(documents: AsyncIterable<unknown>): AsyncGenerator<ParsedDocument> {
  let index = 0;
  for await (const document of documents)
    yield parseInput(inputSchema, document, `documents, number ${index++}`);
}

export interface PutParts {
  readonly writer: ChangeWriter;
  readonly inputs: ParsedDocuments;
  readonly about: Pick<SourceDocument, "tenant" | "source" | "defaultRoles">;
  readonly subject: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Puts each document in turn. The next one is asked for when the writer has room for it. */
export async function putDocuments(parts: PutParts): Promise<void> {
  const reader = createIsolatedReader();
  try {
    await putAll(parts, reader);
  } finally {
    await reader.dispose();
  }
}

async function putAll(parts: PutParts, reader: IsolatedReader): Promise<void> {
  const { writer, inputs, about, subject, signal, onProgress } = parts;
  const { total } = inputs;
  let done = 0;
  for await (const { uri, text, mediaType = "text/markdown", title, roles, metadata } of inputs.items) {
    throwIfAborted(signal, subject);
    onProgress?.({
      stage: "upsert",
      done,
      ...(total !== undefined && { total }),
      unit: "documents",
      subject: uri,
    });
    const isolated = readIsolated({ content: text, mediaType, uri }, reader, signal);
    await writer.put({ ...about, uri, content: text, mediaType, title, roles, metadata, ...isolated });
    done++;
  }
  throwIfAborted(signal, subject);
}

function isStream(documents: unknown): documents is AsyncIterable<unknown> {
  return typeof documents === "object" && documents !== null && Symbol.asyncIterator in documents;
}
