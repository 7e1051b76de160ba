import { createHash } from "node:crypto";
import {
  AdvisorError,
  BadInputError,
  CancelledError,
  type ChangeReport,
  DEFAULT_TENANT,
  type Document,
  documentInputSchema,
  type Embedder,
  healthRequestSchema,
  parseInput,
  principalSchema,
  type Retriever,
  type StoreError,
  type StoreStatus,
  searchRequestSchema,
  tenantSchema,
  throwIfAborted,
  type WriteOptions,
  writeOptionsSchema,
} from "@advisor/contracts";
import { z } from "zod";
import { searchTable } from "./search/search.ts";
import { ANY_CHUNK, documentFilter, headerFilter } from "./store/filter.ts";
import type { LanceDatabase, LanceTable } from "./store/lance.ts";
import { currentWriter } from "./store/lock.ts";
import { isTenantTable, type Manifest, STORE_FORMAT } from "./store/manifest.ts";
import { storeFailure } from "./store/store-failure.ts";
import type { ChangeWriter, StoredHeader } from "./write.ts";

/** Source of documents handed over in code. */
const UPSERT_SOURCE = "upsert";
/** A lone surrogate would be stored as another sign, and never be found again. */
const storable = (text: string) => !/\p{Cs}/u.test(text);
const name = z.string().min(1).max(4096).refine(storable, "must not hold lone surrogates");
const syncOptionsSchema = writeOptionsSchema.extend({ source: name.optional() });
const documentsSchema = z.array(documentInputSchema.extend({ uri: name }));
const urisSchema = z.array(name);

export interface RetrieverParts {
  readonly location: string;
  readonly database: LanceDatabase;
  readonly embedder: Embedder;
  readonly vectorWeight: number;
  readonly exclusively: <Result>(options: WriteOptions, work: () => Promise<Result>) => Promise<Result>;
  /** What the store says of itself now. @throws StoreError `store_embedder_mismatch` when its tables were replaced. */
  readonly currentManifest: () => Promise<Manifest>;
  readonly close: () => void;
}

/** The retriever on an open database: searches, writing calls, and what waits for what. */
export function createRetriever({
  location,
  database,
  embedder,
  vectorWeight,
  exclusively,
  currentManifest,
  close,
}: RetrieverParts): Retriever {
  const tables = new Map<string, Promise<LanceTable | undefined>>();
  const inFlight = new Set<Promise<unknown>>();
  const subject = `knowledge store ${location}`;
  let disposed: Promise<void> | undefined;

  const tableOf = (tenant: string): Promise<LanceTable | undefined> => {
    const name = tableName(tenant);
    const known = tables.get(name);
    if (known) return known;
    const opened = database.open(name).then(async (table) => {
      // Nothing may be there because everything was moved.
      if (!table) await currentManifest();
      return table;
    });
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
    if (disposed) return Promise.reject(disposedError(subject));
    const running = work().catch(async (error: unknown) => {
      // Tables that were replaced while they were read look like damaged ones.
      const reason = isStoreError(error) ? await currentManifest().catch((now: unknown) => now) : undefined;
      throw isStoreError(reason) && reason.code === "store_embedder_mismatch" ? reason : error;
    });
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
        throwIfAborted(signal, subject);
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
            throwIfAborted(signal, subject);
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
        throwIfAborted(parsed.signal, subject);
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

    check: (request) =>
      track(async () => {
        const { signal, ...fields } = request;
        const parsed = parseInput(healthRequestSchema, fields, "check request");
        throwIfAborted(signal, subject);
        // The checks parse pages, which who only searches never needs.
        const { checkStore } = await import("./health/check-store.ts");
        return checkStore({ ...parsed, ...(signal && { signal }) }, async () => {
          const table = await tableOf(parsed.principal.tenant);
          return {
            table,
            find: async (query, principal, topK) => {
              const search = { ...searchRequestSchema.parse({ query, principal, topK }), signal };
              const { passages } = await searchTable({ table, embedder, vectorWeight }, search);
              return passages.map(({ documentId }) => documentId);
            },
          };
        });
      }),

    status: () =>
      track(async (): Promise<StoreStatus> => {
        const { next } = await currentManifest();
        const names = (await database.tableNames()).filter(isTenantTable);
        const tenants = await Promise.all(names.map((name) => tenantStatus(database, name)));
        const writer = await currentWriter(location);
        return {
          location,
          embedder: { id: embedder.id, dimensions: embedder.dimensions },
          tenants: tenants.flat().sort((a, b) => (a.tenant < b.tenant ? -1 : 1)),
          format: STORE_FORMAT,
          ...(next && { reembedding: { id: next.embedderId, dimensions: next.dimensions } }),
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
      close();
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

function isStoreError(error: unknown): error is StoreError {
  return AdvisorError.isInstance(error) && error.code.startsWith("store_");
}

function isSystemError(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === "string" && typeof syscall === "string";
}

function reservedSource(): BadInputError {
  return new BadInputError({
    code: "invalid_request",
    subject: "sync options, source",
    reason: `the name "${UPSERT_SOURCE}" belongs to documents handed over in code`,
    nextStep: "Choose another name",
  });
}

function disposedError(subject: string): CancelledError {
  return new CancelledError({
    code: "disposed",
    subject,
    reason: "it was closed",
    nextStep: "Open it again",
  });
}
