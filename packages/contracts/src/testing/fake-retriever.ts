import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  type Access,
  DEFAULT_TENANT,
  isAdministrator,
  type Principal,
  permits,
  principalSchema,
} from "../access.ts";
import { type AdministrationRequest, administrationRequestSchema } from "../administration.ts";
import {
  type Chunk,
  type Document,
  type DocumentInput,
  documentInputSchema,
  metadataSchema,
} from "../document.ts";
import { BadInputError } from "../errors/bad-input-error.ts";
import { CancelledError } from "../errors/cancelled-error.ts";
import { NotPermittedError } from "../errors/not-permitted-error.ts";
import { countFacets, countRequestSchema, facetsRequestSchema } from "../facets.ts";
import { type Filter, matchesFilter } from "../filter.ts";
import {
  type DocumentReference,
  type DocumentVersion,
  documentReferenceSchema,
  instantSchema,
} from "../history.ts";
import { parseInput } from "../parse-input.ts";
import type { Passage } from "../passage.ts";
import type { Warning } from "../progress.ts";
import {
  type ChangeReport,
  type Retriever,
  type SearchRequest,
  type Skipped,
  type SyncOptions,
  searchRequestSchema,
  type WriteOptions,
} from "../retriever.ts";
import { throwIfAborted } from "../throw-if-aborted.ts";

/** Metadata is looked at document by document, so that one bad value leaves out one document. */
const inputSchema = documentInputSchema.extend({ metadata: z.unknown().optional() });

/** A retriever in memory, for tests, which remembers what it was asked. */
export interface FakeRetriever extends Retriever {
  /** Every search, in order, as it was asked. */
  readonly searches: readonly SearchRequest[];
  readonly disposed: boolean;
  /** Makes the next search fail with this error. */
  failNext(error: Error): void;
}

interface Stored {
  readonly document: Document;
  readonly chunks: readonly Chunk[];
}

/** A stored document and when it stood, in epoch milliseconds. */
interface Version extends Stored {
  readonly validFrom: number;
  readonly validTo?: number;
}

/**
 * Keeps the whole {@link Retriever} contract in memory, on a small scale: passages are paragraphs, ranked by the number of
 * the question's words they hold, in every mode. It reads the front matter keys `title` and `roles` in one line each, and
 * syncs `.md` and `.txt` files. Seed it with `upsert`. It keeps every version until it is purged.
 */
export function createFakeRetriever(): FakeRetriever {
  const store = new Map<string, Version>();
  const past: Version[] = [];
  const begin = Date.now();
  const searches: SearchRequest[] = [];
  let disposed = false;
  let failure: Error | undefined;

  const live = () => {
    if (!disposed) return;
    throw new CancelledError({
      code: "disposed",
      subject: "fake retriever",
      reason: "it was disposed",
      nextStep: "Make a new one",
    });
  };
  const dispose = async () => {
    disposed = true;
  };

  /** Ends the present version of a document, if there is one, and says when. */
  const end = (id: string): number => {
    const current = store.get(id);
    const latest = past.filter(({ document }) => document.id === id).map(({ validTo = 0 }) => validTo);
    const instant = Math.max(Date.now(), (current?.validFrom ?? 0) + 1, ...latest);
    if (current) past.push({ ...current, validTo: instant });
    store.delete(id);
    return instant;
  };

  /** What stood at an instant; now, when there is none. */
  const standing = (asOf: Date | undefined): Version[] => {
    if (!asOf) return [...store.values()];
    const instant = asOf.getTime();
    if (instant > Date.now()) throw badInstant(asOf, "invalid_request", "it lies in the future");
    if (instant < begin) throw badInstant(asOf, "history_unavailable", "nothing is known of that time");
    return [...store.values(), ...past].filter(
      ({ validFrom, validTo }) => validFrom <= instant && (validTo === undefined || validTo > instant),
    );
  };

  /** The rule of today, of one that was removed nobody's. */
  const ruleOf = ({ id, access }: Document): Access =>
    store.get(id)?.document.access ?? { tenant: access.tenant, roles: [] };

  const named = (reference: DocumentReference, principal: Principal): Version[] => {
    const wanted = parseInput(documentReferenceSchema, reference, "page");
    const who = parseInput(principalSchema, principal, "principal");
    return [...store.values(), ...past].filter(({ document }) => {
      if (!permits(ruleOf(document), who)) return false;
      if ("documentId" in wanted) return document.id === wanted.documentId;
      return document.uri === wanted.uri && (wanted.source ?? document.source) === document.source;
    });
  };

  const write = (
    inputs: readonly DocumentInput[],
    source: string,
    options: WriteOptions,
    removeOthers: boolean,
    left: readonly Skipped[] = [],
  ): ChangeReport => {
    live();
    throwIfAborted(options.signal, "retrieval");
    const tenant = options.tenant ?? DEFAULT_TENANT;
    const added: string[] = [];
    const changed: string[] = [];
    const removed: string[] = [];
    let unchanged = 0;
    const skipped = [...left];
    let chunks = 0;
    const parsed = inputs.map((raw, index) => parseInput(inputSchema, raw, `document ${index + 1}`));
    for (const { metadata, ...rest } of parsed) {
      const facts = metadataSchema.optional().safeParse(metadata);
      if (!facts.success) {
        skipped.push({
          uri: rest.uri,
          reason: `its metadata does not fit: ${facts.error.issues[0]?.message}`,
        });
        continue;
      }
      const input = { ...rest, ...(facts.data && { metadata: facts.data }) };
      const next = read(input, tenant, source, options.defaultRoles ?? []);
      const before = store.get(next.document.id);
      if (before?.document.version === next.document.version) {
        unchanged++;
        continue;
      }
      (before ? changed : added).push(input.uri);
      store.set(next.document.id, { ...next, validFrom: end(next.document.id) });
      chunks += next.chunks.length;
    }
    const warnings: Warning[] = [];
    if (removeOthers && inputs.length === 0) {
      warnings.push({ code: "folder_empty", message: "no file could be read, so nothing was removed" });
    } else if (removeOthers) {
      const kept = new Set([...inputs.map((input) => input.uri), ...skipped.map((skip) => skip.uri)]);
      for (const [id, { document }] of store) {
        if (document.access.tenant !== tenant || document.source !== source || kept.has(document.uri))
          continue;
        end(id);
        removed.push(document.uri);
      }
    }
    return { added, changed, removed, unchanged, skipped, chunks, elapsedMs: 0, warnings };
  };

  const readable = (principal: Principal, filter: Filter | undefined, asOf?: Date) =>
    standing(asOf).filter(
      ({ document }) => permits(ruleOf(document), principal) && (!filter || matchesFilter(filter, document)),
    );

  /** The tenant that the request may change. */
  const administered = ({ signal, onProgress: _, ...fields }: AdministrationRequest, subject: string) => {
    live();
    throwIfAborted(signal, "retrieval");
    const { principal } = parseInput(administrationRequestSchema, fields, `${subject} request`);
    if (isAdministrator(principal)) return principal.tenant;
    throw new NotPermittedError({
      code: "not_permitted",
      subject,
      reason: "administrators alone may",
      nextStep: "Run it as an administrator of the tenant",
    });
  };
  const heldBy = (tenant: string) => {
    const own = [...store.values()].filter(({ document }) => document.access.tenant === tenant);
    return { documents: own.length, chunks: own.reduce((sum, { chunks }) => sum + chunks.length, 0) };
  };

  return {
    searches,
    get disposed() {
      return disposed;
    },
    failNext(error) {
      failure = error;
    },
    async search(request) {
      live();
      const { signal, ...fields } = request;
      throwIfAborted(signal, "retrieval");
      const parsed = parseInput(searchRequestSchema, fields, "search request");
      const { query, principal, topK, mode, filter, asOf, copies } = parsed;
      const { neighbours = { before: 0, after: 0 } } = parsed;
      searches.push(request);
      const failing = failure;
      failure = undefined;
      if (failing) throw failing;
      const asked = new Set(words(query));
      const found: { chunk: Chunk; version: Version; hits: number }[] = [];
      for (const version of readable(principal, filter, asOf)) {
        const { document, chunks } = version;
        for (const chunk of chunks) {
          const held = new Set(words(`${document.title} ${chunk.headings.join(" ")} ${chunk.text}`));
          const hits = [...asked].filter((word) => held.has(word)).length;
          if (hits > 0) found.push({ chunk, version: version, hits });
        }
      }
      found.sort((a, b) => b.hits - a.hits || (a.chunk.id < b.chunk.id ? -1 : 1));
      const passages: Passage[] = [];
      const covered = new Set<Chunk>();
      for (const { chunk, version: stored } of found) {
        const { document, chunks } = stored;
        const { uri, title, version, source } = document;
        const { id, documentId, start, end, text } = chunk;
        const same = passages.find((passage) => passage.text === text && words(text).length >= 12);
        if (same && copies === "fold") {
          const copy = { id, documentId, uri, title, source, start, end };
          passages[passages.indexOf(same)] = { ...same, copies: [...(same.copies ?? []), copy] };
          continue;
        }
        if (covered.has(chunk) || passages.length === topK) continue;
        const place = passages.length + 1;
        const passage: Passage = {
          ...chunk,
          ...{ uri, title, version, source },
          ...validity(stored),
          score: 1 / place,
          ranks: {
            ...(mode === "keyword" ? {} : { vector: place }),
            ...(mode === "vector" ? {} : { keyword: place }),
          },
        };
        const free = (each: Chunk | undefined) => each !== undefined && !covered.has(each);
        let first = chunk.ordinal;
        let last = chunk.ordinal;
        while (first > chunk.ordinal - neighbours.before && free(chunks[first - 1])) first--;
        while (last < chunk.ordinal + neighbours.after && free(chunks[last + 1])) last++;
        const wide = { start: chunks[first]?.start ?? start, end: chunks[last]?.end ?? end };
        for (const each of chunks.slice(first, last + 1)) covered.add(each);
        const widened = { ...wide, text: document.text.slice(wide.start, wide.end), found: { start, end } };
        passages.push(first === last ? passage : { ...passage, ...widened });
      }
      const warnings = asOf
        ? [{ code: "as_of", message: `The pages were read as they stood at ${asOf.toISOString()}` }]
        : [];
      return { passages, timings: { totalMs: 0 }, warnings };
    },
    async document(id: string, principal: Principal, options = {}) {
      live();
      parseInput(principalSchema, principal, "principal");
      const asOf = parseInput(instantSchema.optional(), options.asOf, "document options, asOf");
      const document = standing(asOf).find((version) => version.document.id === id)?.document;
      if (!document || !permits(ruleOf(document), principal)) return undefined;
      return { ...document, access: ruleOf(document) };
    },
    async upsert(documents, options = {}) {
      // Of two documents with one uri the later one is meant.
      const byUri = new Map<string, DocumentInput>();
      for await (const document of documents) byUri.set(document.uri, document);
      return write([...byUri.values()], "upsert", options, false);
    },
    async remove(uris, options = {}) {
      live();
      throwIfAborted(options.signal, "retrieval");
      const removed: string[] = [];
      const skipped: Skipped[] = [];
      for (const uri of uris) {
        const id = documentId(options.tenant ?? DEFAULT_TENANT, "upsert", uri);
        if (store.has(id)) {
          end(id);
          removed.push(uri);
        } else skipped.push({ uri, reason: "no document of this uri was handed over with upsert" });
      }
      return {
        added: [],
        changed: [],
        removed,
        unchanged: 0,
        skipped,
        chunks: 0,
        elapsedMs: 0,
        warnings: [],
      };
    },
    async sync(folder, options: SyncOptions = {}) {
      live();
      throwIfAborted(options.signal, "retrieval");
      const root = await realFolder(folder);
      const inputs: DocumentInput[] = [];
      const skipped: Skipped[] = [];
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(?:md|txt)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const uri = path.slice(root.length + 1).replaceAll("\\", "/");
        const text = await readFile(path, "utf8");
        if (text.includes("\ufffd") || text.includes("\0"))
          skipped.push({ uri, reason: "it is not UTF-8 text" });
        else if (text.trim() === "") skipped.push({ uri, reason: "it is empty" });
        else inputs.push({ uri, text, mediaType: uri.endsWith(".md") ? "text/markdown" : "text/plain" });
      }
      inputs.sort((a, b) => (a.uri < b.uri ? -1 : 1));
      return write(inputs, options.source ?? root, options, true, skipped);
    },
    async count({ signal, ...fields }) {
      live();
      throwIfAborted(signal, "retrieval");
      const { principal, filter, asOf } = parseInput(countRequestSchema, fields, "count request");
      const found = readable(principal, filter, asOf);
      return { documents: found.length, passages: found.reduce((sum, { chunks }) => sum + chunks.length, 0) };
    },
    async facets({ signal, ...fields }) {
      live();
      throwIfAborted(signal, "retrieval");
      const request = parseInput(facetsRequestSchema, fields, "facets request");
      const found = readable(request.principal, request.filter, request.asOf);
      return countFacets(
        found.map(({ document }) => ({ ...document, access: ruleOf(document) })),
        request,
      );
    },
    async reindex(request) {
      const tenant = administered(request, "reindex");
      return { tenant, ...heldBy(tenant), elapsedMs: 0 };
    },
    async removeTenant(request) {
      const tenant = administered(request, "remove the tenant");
      const held = heldBy(tenant);
      for (const [id, { document }] of store) if (document.access.tenant === tenant) store.delete(id);
      return { tenant, ...held, elapsedMs: 0 };
    },
    async roles(tenant) {
      live();
      const all = [...store.values()].filter(({ document }) => document.access.tenant === tenant);
      return [...new Set(all.flatMap(({ document }) => document.access.roles))].sort();
    },
    async versions(reference, principal) {
      live();
      return named(reference, principal)
        .map((version): DocumentVersion => {
          const { id, uri, source, title, version: hash } = version.document;
          const chunks = version.chunks.length;
          return { documentId: id, uri, source, title, version: hash, ...validity(version), chunks };
        })
        .sort((a, b) => (a.validFrom < b.validFrom ? 1 : -1));
    },
    async purge(references, principal) {
      live();
      if (!isAdministrator(principal)) {
        throw new NotPermittedError({
          code: "not_permitted",
          subject: "purge",
          reason: "administrators alone may",
          nextStep: "Run it as one",
        });
      }
      const purged = new Map<string, { documentId: string; uri: string; source: string; versions: number }>();
      const skipped: Skipped[] = [];
      for (const reference of references) {
        const versions = named(reference, principal);
        const uri = "uri" in reference ? reference.uri : reference.documentId;
        if (versions.length === 0) skipped.push({ uri, reason: "no version of such a page is stored" });
        for (const { document } of versions) {
          const { id, source } = document;
          const known = purged.get(id)?.versions ?? 0;
          purged.set(id, { documentId: id, uri: document.uri, source, versions: known + 1 });
        }
      }
      for (const id of purged.keys()) store.delete(id);
      past.splice(0, past.length, ...past.filter(({ document }) => !purged.has(document.id)));
      return { purged: [...purged.values()], skipped, elapsedMs: 0 };
    },
    async status() {
      live();
      const tenants = new Map<string, { tenant: string; documents: number; chunks: number }>();
      for (const { document, chunks } of store.values()) {
        const { tenant } = document.access;
        const sum = tenants.get(tenant) ?? { tenant, documents: 0, chunks: 0 };
        tenants.set(tenant, {
          tenant,
          documents: sum.documents + 1,
          chunks: sum.chunks + chunks.length,
        });
      }
      return {
        location: "memory",
        embedder: { id: "none", dimensions: 0 },
        tenants: [...tenants.values()].sort((a, b) => (a.tenant < b.tenant ? -1 : 1)),
        format: 1,
      };
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function validity({ validFrom, validTo }: Version) {
  return {
    validFrom: new Date(validFrom).toISOString(),
    ...(validTo !== undefined && { validTo: new Date(validTo).toISOString() }),
  };
}

function badInstant(
  asOf: Date,
  code: "invalid_request" | "history_unavailable",
  reason: string,
): BadInputError {
  return new BadInputError({
    code,
    subject: `as of ${asOf.toISOString()}`,
    reason,
    nextStep: "Name another time",
  });
}

function read(
  input: ReturnType<typeof documentInputSchema.parse>,
  tenant: string,
  source: string,
  defaultRoles: readonly string[],
): Stored {
  const id = documentId(tenant, source, input.uri);
  const isMarkdown = (input.mediaType ?? "text/markdown") === "text/markdown";
  const matter = isMarkdown ? /^\ufeff?---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(input.text) : null;
  const field = (key: string) => new RegExp(`^${key}:[ \\t]*(.*)$`, "m").exec(matter?.[1] ?? "")?.[1]?.trim();
  const rolesField = field("roles");
  const roles = rolesField
    ?.replace(/^\[|\]$/g, "")
    .split(",")
    .map((role) => role.trim())
    .filter(Boolean);
  const from = matter?.[0].length ?? 0;
  const heading = isMarkdown ? /^#{1,6}[ \t]+(.+)$/m.exec(input.text.slice(from))?.[1] : undefined;
  const title = input.title ?? field("title") ?? heading ?? input.uri.split("/").at(-1) ?? input.uri;
  const access = { tenant, roles: input.roles ?? roles ?? defaultRoles };
  const metadata = input.metadata ?? {};
  const version = digest(JSON.stringify([input.text, title, metadata, access]));
  const document: Document = {
    id,
    uri: input.uri,
    title,
    text: input.text,
    access,
    metadata,
    version,
    source,
  };

  const chunks: Chunk[] = [];
  for (const match of input.text.slice(from).matchAll(/\S(?:(?!\r?\n[ \t]*\r?\n)[\s\S])*/g)) {
    const text = match[0].trimEnd();
    const start = from + match.index;
    const end = start + text.length;
    const ordinal = chunks.length;
    chunks.push({
      id: digest(`${id}\0${start}\0${end}\0${text}`),
      documentId: id,
      ordinal,
      text,
      start,
      end,
      headings: [],
    });
  }
  return { document, chunks };
}

async function realFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if ((await stat(root)).isDirectory()) return root;
  } catch {
    // Falls through to the one error for both cases.
  }
  throw new BadInputError({
    code: "folder_missing",
    subject: folder,
    reason: "there is no such folder",
    nextStep: "Name a folder that exists",
  });
}

function documentId(tenant: string, source: string, uri: string): string {
  return digest(JSON.stringify([tenant, source, uri]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
