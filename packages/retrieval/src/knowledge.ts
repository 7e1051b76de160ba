import { createHash } from "node:crypto";
import { mkdir, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  BadInputError,
  CancelledError,
  type ChangeReport,
  DEFAULT_TENANT,
  type Document,
  documentInputSchema,
  type Embedder,
  type OnProgress,
  parseInput,
  principalSchema,
  type Retriever,
  StoreError,
  type StoreStatus,
  searchRequestSchema,
  tenantSchema,
  type WriteOptions,
  writeOptionsSchema,
} from "@advisor/contracts";
import { z } from "zod";
import { searchTable } from "./search/search.ts";
import { ANY_CHUNK, documentFilter, headerFilter } from "./store/filter.ts";
import { type LanceDatabase, type LanceTable, openDatabase } from "./store/lance.ts";
import { asOnlyWriter, currentWriter, DEFAULT_LOCK_TIMEOUT_MS } from "./store/lock.ts";
import { checkEmbedder, isTenantTable, readManifest, STORE_FORMAT, writeManifest } from "./store/manifest.ts";
import { storeFailure } from "./store/store-failure.ts";
import type { ChangeWriter, StoredHeader } from "./write.ts";

/** The vector leg's share when the caller names none. See docs/retrieval.md for how it was found. */
export const DEFAULT_VECTOR_WEIGHT = 0.2;
/** Source of documents handed over in code. */
const UPSERT_SOURCE = "upsert";

export interface KnowledgeSettings {
  /** Folder of the store, or a LanceDB URI such as `s3://bucket/store`. */
  readonly location: string;
  readonly embedder: Embedder;
  /** The vector leg's share in a hybrid search, in [0, 1]: 0 is keywords alone. Default 0.2; a card of an embedder names its own. */
  readonly vectorWeight?: number;
  /** Makes the store when there is none. Default true; false throws `store_missing`. */
  readonly create?: boolean;
  /** How long a writing call waits for a writer in another process, in milliseconds. Default 30,000. */
  readonly lockTimeoutMs?: number;
  /** Told while opening waits; writing calls have their own. */
  readonly onProgress?: OnProgress;
}

const settingsSchema = z.strictObject({
  location: z.string().min(1),
  embedder: z.custom<Embedder>(
    (value) => typeof (value as Embedder | null)?.embed === "function",
    "must be an embedder",
  ),
  vectorWeight: z.number().min(0).max(1).default(DEFAULT_VECTOR_WEIGHT),
  create: z.boolean().default(true),
  lockTimeoutMs: z.number().min(0).default(DEFAULT_LOCK_TIMEOUT_MS),
  onProgress: z.custom<OnProgress>((value) => typeof value === "function").optional(),
});
/** A lone surrogate would be stored as another sign, and never be found again. */
const storable = (text: string) => !/\p{Cs}/u.test(text);
const name = z.string().min(1).max(4096).refine(storable, "must not hold lone surrogates");
const syncOptionsSchema = writeOptionsSchema.extend({ source: name.optional() });
const documentsSchema = z.array(documentInputSchema.extend({ uri: name }));
const urisSchema = z.array(name);

/**
 * Opens the knowledge of a folder: a LanceDB store of documents and their chunks, searched by words, by meaning, or both.
 *
 * Readers are never blocked. Writers of all processes take turns; a call that waits longer than `lockTimeoutMs` throws
 * `store_locked` with the process that holds it. The embedder stays the caller's: `dispose` closes the store alone.
 * @throws StoreError `store_missing`, `store_corrupt`, `store_version`, `store_embedder_mismatch`, `store_locked`.
 */
export async function openKnowledge(settings: KnowledgeSettings): Promise<Retriever> {
  const parsed = parseInput(settingsSchema, settings, "knowledge settings", "invalid_setting");
  const { embedder, lockTimeoutMs } = parsed;
  const isLocal = !/^[a-z][a-z0-9+.-]*:\/\//i.test(parsed.location);
  const location = isLocal ? await localFolder(parsed.location, parsed.create) : parsed.location;

  const exclusively = <Result>(options: WriteOptions, work: () => Promise<Result>): Promise<Result> => {
    const { signal, onProgress } = options;
    // Object stores have no files to lock; there LanceDB's own conditional commits keep writers apart.
    return isLocal ? asOnlyWriter({ location, timeoutMs: lockTimeoutMs, signal, onProgress }, work) : work();
  };
  const database = await openDatabase(location);
  try {
    let manifest = await readManifest(database, location);
    if (!manifest) {
      if (!parsed.create) throw missing(location);
      const progress = parsed.onProgress ? { onProgress: parsed.onProgress } : {};
      manifest = await exclusively(progress, async () => {
        return (await readManifest(database, location)) ?? (await writeManifest(database, embedder));
      });
    }
    checkEmbedder(manifest, embedder, location);
  } catch (error) {
    database.close();
    throw error;
  }
  return createRetriever({ ...parsed, location, database, exclusively });
}

interface RetrieverParts {
  readonly location: string;
  readonly database: LanceDatabase;
  readonly embedder: Embedder;
  readonly vectorWeight: number;
  readonly exclusively: <Result>(options: WriteOptions, work: () => Promise<Result>) => Promise<Result>;
}

function createRetriever({
  location,
  database,
  embedder,
  vectorWeight,
  exclusively,
}: RetrieverParts): Retriever {
  const tables = new Map<string, Promise<LanceTable | undefined>>();
  const inFlight = new Set<Promise<unknown>>();
  let disposed: Promise<void> | undefined;

  const tableOf = (tenant: string): Promise<LanceTable | undefined> => {
    const name = tableName(tenant);
    const known = tables.get(name);
    if (known) return known;
    const opened = database.open(name);
    tables.set(name, opened);
    // A table that is not there yet may be made by another process at any time.
    opened.then(
      (table) => table ?? tables.delete(name),
      () => tables.delete(name),
    );
    return opened;
  };

  /** Refuses after dispose, and lets dispose wait for the work. */
  const track = <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (disposed) return Promise.reject(disposedError(location));
    const running = work();
    inFlight.add(running);
    const forget = () => inFlight.delete(running);
    running.then(forget, forget);
    return running;
  };

  /** Runs a writing call on the tenant's table, made when it is missing. */
  const write = (
    options: WriteOptions,
    tenant: string,
    source: string,
    work: (writer: ChangeWriter, stored: ReadonlyMap<string, StoredHeader>) => Promise<ChangeReport>,
  ): Promise<ChangeReport> =>
    exclusively(options, async () => {
      const table = await database.openOrCreate(tableName(tenant), embedder.dimensions);
      try {
        // Parsers load with the first writing call: who only searches never needs them.
        const { createChangeWriter, readHeaders } = await import("./write.ts");
        const stored = await readHeaders(table, source);
        const writer = createChangeWriter({ table, embedder, stored, signal: options.signal });
        return await work(writer, stored);
      } catch (error) {
        throw isSystemError(error) ? storeFailure(error, location) : error;
      } finally {
        table.close();
      }
    });

  return {
    search: (request) =>
      track(async () => {
        const { signal, ...fields } = request;
        const parsed = parseInput(searchRequestSchema, fields, "search request");
        throwIfAborted(signal);
        const table = await tableOf(parsed.principal.tenant);
        return searchTable({ table, embedder, vectorWeight }, { ...parsed, signal });
      }),

    document: (id, principal) =>
      track(async () => {
        const who = parseInput(principalSchema, principal, "principal");
        const wanted = parseInput(z.string().max(256), id, "document id");
        if (!/^[0-9a-f]+$/.test(wanted)) return undefined;
        const table = await tableOf(who.tenant);
        const columns = ["id", "uri", "title", "text", "tenant", "roles", "metadata", "version", "source"];
        const [row] = (await table?.select(documentFilter(wanted, who), columns)) ?? [];
        if (!row) return undefined;
        const document: Document = {
          id: String(row.id),
          uri: String(row.uri),
          title: String(row.title),
          text: String(row.text),
          access: { tenant: String(row.tenant), roles: (row.roles as readonly unknown[]).map(String) },
          metadata: JSON.parse(String(row.metadata)),
          version: String(row.version),
          source: String(row.source),
        };
        return document;
      }),

    upsert: (documents, options = {}) =>
      track(async () => {
        const parsed = parseOptions(writeOptionsSchema, options, "upsert options");
        const inputs = parseInput(documentsSchema, documents, "documents");
        const { tenant = DEFAULT_TENANT, defaultRoles = [], signal } = parsed;
        // Of two documents with one uri the later one is meant.
        const byUri = new Map(inputs.map((input) => [input.uri, input]));
        return write(parsed, tenant, UPSERT_SOURCE, async (writer) => {
          let done = 0;
          for (const { uri, text, mediaType = "text/markdown", title, roles, metadata } of byUri.values()) {
            throwIfAborted(signal);
            options.onProgress?.({
              stage: "upsert",
              done,
              total: byUri.size,
              unit: "documents",
              subject: uri,
            });
            const given = { title, roles, metadata, defaultRoles };
            await writer.put({ tenant, source: UPSERT_SOURCE, uri, content: text, mediaType, ...given });
            done++;
          }
          return writer.finish();
        });
      }),

    remove: (uris, options = {}) =>
      track(async () => {
        const parsed = parseOptions(writeOptionsSchema, options, "remove options");
        const wanted = new Set(parseInput(urisSchema, uris, "uris"));
        return write(parsed, parsed.tenant ?? DEFAULT_TENANT, UPSERT_SOURCE, async (writer, stored) => {
          for (const uri of wanted) {
            if (!stored.has(uri)) writer.skip(uri, "no document of this uri was handed over with upsert");
          }
          await writer.remove([...stored.values()].filter(({ uri }) => wanted.has(uri)));
          return writer.finish();
        });
      }),

    sync: (folder, options = {}) =>
      track(async () => {
        const parsed = parseOptions(syncOptionsSchema, options, "sync options");
        const path = parseInput(z.string().min(1), folder, "folder");
        const tenant = parsed.tenant ?? DEFAULT_TENANT;
        throwIfAborted(parsed.signal);
        const [{ listFolder }, { syncFolder }] = await Promise.all([
          import("./extract/folder.ts"),
          import("./sync.ts"),
        ]);
        const listing = await listFolder(path, location);
        const source = parsed.source ?? listing.root;
        if (source === UPSERT_SOURCE) throw reservedSource();
        return write(parsed, tenant, source, (writer, stored) =>
          syncFolder({ writer, listing, stored, tenant, source, ...pick(parsed) }),
        );
      }),

    roles: (tenant) =>
      track(async () => {
        const table = await tableOf(parseInput(tenantSchema, tenant, "tenant"));
        const rows = (await table?.select(headerFilter(), ["roles"])) ?? [];
        return [...new Set(rows.flatMap((row) => (row.roles as readonly unknown[]).map(String)))].sort();
      }),

    status: () =>
      track(async (): Promise<StoreStatus> => {
        const names = (await database.tableNames()).filter(isTenantTable);
        const tenants = await Promise.all(names.map((name) => tenantStatus(database, name)));
        const writer = await currentWriter(location);
        return {
          location,
          embedder: { id: embedder.id, dimensions: embedder.dimensions },
          tenants: tenants.flat().sort((a, b) => (a.tenant < b.tenant ? -1 : 1)),
          format: STORE_FORMAT,
          ...(writer !== undefined && { writer }),
        };
      }),

    dispose,
    [Symbol.asyncDispose]: dispose,
  };

  async function dispose(): Promise<void> {
    disposed ??= (async () => {
      await Promise.allSettled(inFlight);
      for (const table of await Promise.allSettled(tables.values())) {
        if (table.status === "fulfilled") table.value?.close();
      }
      database.close();
    })();
    return disposed;
  }
}

async function tenantStatus(
  database: LanceDatabase,
  name: string,
): Promise<StoreStatus["tenants"][number][]> {
  const table = await database.open(name);
  if (!table) return [];
  try {
    const headers = await table.select(headerFilter(), ["tenant"]);
    const tenant = headers[0]?.tenant;
    if (tenant === undefined) return [];
    return [{ tenant: String(tenant), documents: headers.length, chunks: await table.count(ANY_CHUNK) }];
  } finally {
    table.close();
  }
}

function tableName(tenant: string): string {
  return `tenant-${createHash("sha256").update(tenant).digest("hex").slice(0, 40)}`;
}

/** The store's real path, made when it may be. */
async function localFolder(path: string, create: boolean): Promise<string> {
  const folder = resolve(path);
  try {
    if (create) await mkdir(folder, { recursive: true });
    if (!(await stat(folder)).isDirectory()) throw notAFolder(folder);
    return await realpath(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !create) throw missing(folder);
    if (code === "EEXIST" || code === "ENOTDIR") throw notAFolder(folder);
    throw storeFailure(error, folder);
  }
}

function parseOptions<Schema extends z.ZodObject>(
  schema: Schema,
  options: WriteOptions,
  subject: string,
): z.output<Schema> & Pick<WriteOptions, "signal" | "onProgress"> {
  const { signal, onProgress, ...fields } = options;
  return {
    ...parseInput(schema, fields, subject),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  };
}

function pick({ defaultRoles = [], signal, onProgress }: WriteOptions) {
  return { defaultRoles, signal, onProgress };
}

function isSystemError(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === "string" && typeof syscall === "string";
}

function missing(location: string): StoreError {
  return new StoreError({
    code: "store_missing",
    subject: `knowledge store ${location}`,
    reason: "there is no store",
    nextStep: "Sync a folder into it first, or name another location",
  });
}

function notAFolder(location: string): BadInputError {
  return new BadInputError({
    code: "invalid_setting",
    subject: `knowledge store ${location}`,
    reason: "it is a file, not a folder",
    nextStep: "Name a folder for the store",
  });
}

function reservedSource(): BadInputError {
  return new BadInputError({
    code: "invalid_request",
    subject: "sync options, source",
    reason: `the name "${UPSERT_SOURCE}" belongs to documents handed over in code`,
    nextStep: "Choose another name",
  });
}

function disposedError(location: string): CancelledError {
  return new CancelledError({
    code: "disposed",
    subject: `knowledge store ${location}`,
    reason: "it was closed",
    nextStep: "Open it again",
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new CancelledError({
    code: "cancelled",
    subject: "knowledge store",
    reason: "the signal was aborted",
    nextStep: "Call again when you need it",
    cause: signal.reason,
  });
}
