import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Access, Embedder, MediaType, Metadata } from "@advisor/contracts";
import {
  type ChunkSpan,
  chunkSteps,
  MAX_CHUNK_TOKENS,
  MAX_CONTEXT_TOKENS,
  TARGET_CHUNK_TOKENS,
  textOf,
} from "../chunk/chunker.ts";
import { EXTRACTOR_VERSION, type Extracted, extract } from "../extract/extract.ts";
import { readMetadata, Unreadable } from "../extract/front-matter.ts";
import type { BinaryMediaType } from "../extract/read-file.ts";
import type { SourceWarning } from "../extract/records.ts";
import { wellFormed } from "../extract/well-formed.ts";
import { identifiersOf } from "../search/identifiers.ts";
import { factsOf, MAX_FACTS } from "../store/facts.ts";
import { writePlace } from "../store/place-column.ts";
import { rowOf, type StoreRow } from "../store/schema.ts";

/** Goes up when the same blocks would give other chunks or other index texts. */
const CHUNKER_VERSION = 4;
const SETTINGS = [
  EXTRACTOR_VERSION,
  CHUNKER_VERSION,
  TARGET_CHUNK_TOKENS,
  MAX_CHUNK_TOKENS,
  MAX_CONTEXT_TOKENS,
];

/** How long a document is cut before whoever else is in this process gets a turn, in milliseconds. */
const TURN_MS = 12;

/** A source with all that decides how it is stored. */
export interface SourceDocument {
  readonly tenant: string;
  readonly source: string;
  readonly uri: string;
  /** The source; of a PDF or DOCX, the hash of its bytes. */
  readonly content: string;
  readonly mediaType: MediaType | BinaryMediaType;
  /** Reads a PDF, a DOCX or a long text; called only when it is new or changed. Throws `Unreadable` with the reason. */
  readonly read?: () => Promise<Extracted>;
  /** Given in code: these win over front matter. */
  readonly title?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Not checked yet: one document's bad metadata leaves out that document. */
  readonly metadata?: unknown;
  /** Rule of documents that name none. */
  readonly defaultRoles: readonly string[];
}

/** A document ready to be embedded and stored. */
export interface PreparedDocument {
  readonly id: string;
  readonly uri: string;
  readonly version: string;
  /** Roles of its rule. */
  readonly roles: readonly string[];
  readonly rowCount: number;
  /** UTF-16 units of the extracted text. */
  readonly length: number;
  /** What to embed, a text for each chunk: title, heading path, text. */
  readonly texts: readonly string[];
  readonly warnings: readonly SourceWarning[];
  /** Its rows, as a version that stands from this instant, in epoch milliseconds. */
  rows(vectors: readonly Float32Array[], validFrom: number): StoreRow[];
}

export function documentId(tenant: string, source: string, uri: string): string {
  return digest([tenant, source, uri]).slice(0, 32);
}

/** Hash of all that decides how a synced file is stored, beside its name and content. */
export function settingsFingerprint(defaultRoles: readonly string[]): string {
  return digest([SETTINGS, defaultRoles]);
}

/**
 * Hash of everything a stored document is made from: equal fingerprints need no second look. Throws `Unreadable` when the
 * metadata cannot be kept.
 */
export function fingerprint(document: SourceDocument): string {
  const { content, mediaType, title, roles, defaultRoles } = document;
  const metadata = givenMetadata(document);
  return digest([SETTINGS, content, mediaType, title, roles, metadata && sorted(metadata), defaultRoles]);
}

/**
 * Extracts and cuts a document whose fingerprint is `print`. Throws `Unreadable` with the reason when it must be left out.
 */
export async function prepare(
  document: SourceDocument,
  print: string,
  embedder: Embedder,
): Promise<PreparedDocument> {
  const { tenant, source, uri } = document;
  const extracted = document.read
    ? await document.read()
    : extract(document.content, document.mediaType as MediaType, uri);
  const { text } = extracted;
  const title = wellFormed(document.title ?? extracted.title ?? fileName(uri));
  const roles = [...new Set(document.roles ?? extracted.roles ?? document.defaultRoles)].sort();
  const access: Access = { tenant, roles };
  const metadata: Metadata = { ...extracted.metadata, ...givenMetadata(document) };
  const spans: ChunkSpan[] = [];
  const settings = {
    title,
    maxTokens: embedder.maxTokens,
    countTokens: (list: readonly string[]) => embedder.countTokens(list),
  };
  let turn = performance.now();
  for (const step of chunkSteps(text, extracted.blocks, settings)) {
    if (step) spans.push(step);
    if (performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    turn = performance.now();
  }
  const id = documentId(tenant, source, uri);
  // The same text may stand on other pages of another edition. A place always begins a chunk, whatever the tokenizer.
  const places = spans.flatMap(({ start, place }, i) =>
    place && place !== spans[i - 1]?.place ? [[start, place]] : [],
  );
  const version = digest([SETTINGS, text, title, sorted(metadata), access, ...places]).slice(0, 32);
  const texts = spans.map((span) => textOf(span.context, text.slice(span.start, span.end)));
  const facts = factsOf(metadata);
  if (facts.length > MAX_FACTS) throw new Unreadable(tooMuchMetadata(facts.length));
  const shared = { documentId: id, tenant, source, uri, title, roles, version, facts };
  const headerRow = (validFrom: number): StoreRow =>
    rowOf({
      ...shared,
      id,
      kind: "document",
      fingerprint: print,
      text,
      endOffset: text.length,
      metadata: JSON.stringify(metadata),
      validFrom,
    });
  const chunkRow = (
    span: ChunkSpan,
    ordinal: number,
    vector: Float32Array | undefined,
    validFrom: number,
  ): StoreRow => {
    const piece = text.slice(span.start, span.end);
    return rowOf({
      ...shared,
      id: digest([id, span.start, span.end, piece]).slice(0, 32),
      kind: "chunk",
      text: piece,
      ordinal,
      startOffset: span.start,
      endOffset: span.end,
      headings: span.headings,
      metadata: writePlace(span.place),
      terms: piece,
      context: span.context,
      identifiers: identifiersOf(texts[ordinal] ?? piece) || null,
      vector: vector ?? null,
      validFrom,
    });
  };
  return {
    id,
    uri,
    version,
    roles,
    rowCount: spans.length,
    length: text.length,
    texts,
    warnings: extracted.warnings,
    rows: (vectors, validFrom) => [
      headerRow(validFrom),
      ...spans.map((span, ordinal) => chunkRow(span, ordinal, vectors[ordinal], validFrom)),
    ],
  };
}

function givenMetadata({ metadata }: SourceDocument): Metadata | undefined {
  return metadata === undefined ? undefined : readMetadata(metadata, "its metadata");
}

function tooMuchMetadata(terms: number): string {
  return `its metadata takes ${terms} terms to search by and ${MAX_FACTS} are the limit (a text takes 2, a number or date 18)`;
}

function fileName(uri: string): string {
  return uri.split("/").filter(Boolean).at(-1)?.slice(0, 1024) || uri.slice(0, 1024);
}

function sorted(metadata: Metadata): [string, unknown][] {
  return Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
}

function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
