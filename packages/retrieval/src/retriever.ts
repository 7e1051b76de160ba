import {
  AdvisorError,
  BadInputError,
  CancelledError,
  type ChangeReport,
  countRequestSchema,
  DEFAULT_TENANT,
  type Document,
  documentReferenceSchema,
  type Embedder,
  type FolderWatch,
  facetsRequestSchema,
  globsSchema,
  healthRequestSchema,
  instantSchema,
  type KeepVersions,
  keepVersionsMs,
  type Principal,
  parseInput,
  principalSchema,
  type Retriever,
  type StoreError,
  type StoreStatus,
  searchRequestSchema,
  tenantSchema,
  throwIfAborted,
  type Warning,
  type WriteOptions,
  writeOptionsSchema,
} from "@advisor/contracts";
import { z } from "zod";
import { reindexTenant, removeTenant } from "./administration.ts";
import { checkPast, listVersions, stateAt, type TenantTables } from "./history/past.ts";
import { checkMayPurge, purgeDocuments } from "./history/purge.ts";
import { createWordForms, type WordForms } from "./history/word-forms.ts";
import type { FolderSourceSettings } from "./ingest/folder-source.ts";
import { storableName as name } from "./ingest/storable-name.ts";
import type { ChangeWriter, StoredHeader } from "./ingest/write.ts";
import { countReadable, facetsOfReadable } from "./search/facets.ts";
import type { Reranking } from "./search/rerank.ts";
import { searchTable } from "./search/search.ts";
import { ANY_CHUNK, documentFilter, headerFilter } from "./store/filter.ts";
import { createHistory, finishErasing } from "./store/history.ts";
import type { IndexPolicy } from "./store/index-policy.ts";
import type { LanceDatabase, LanceTable, TableView } from "./store/lance.ts";
import { historyTable, isTenantTable, type Manifest, STORE_FORMAT, tableName } from "./store/manifest.ts";
import { storeFailure } from "./store/store-failure.ts";
import { openTenant } from "./store/tenant.ts";
import { vanishing } from "./store/vanishing.ts";
import type { WriterTurn } from "./writers/writer-turn.ts";

/** Source of documents handed over in code. */
const UPSERT_SOURCE = "upsert";
const syncOptionsSchema = writeOptionsSchema.extend({
  source: name.optional(),
  include: globsSchema.optional(),
  exclude: globsSchema.optional(),
  rehash: z.boolean().default(false),
});
const urisSchema = z.array(name);
const documentOptionsSchema = z.strictObject({ asOf: instantSchema.optional() });

export interface RetrieverParts {
  readonly location: string;
  readonly database: LanceDatabase;
  readonly embedder: Embedder;
  readonly vectorWeight: number;
  readonly reranking?: Reranking | undefined;
  /** How long former versions are kept, asked at each writing call. */
  readonly keepVersions: () => Promise<KeepVersions>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Whether `exclusively` keeps every other writer out. Where there is no lock it does not. */
  readonly alone: boolean;
  readonly indexPolicy: IndexPolicy;
  readonly exclusively: <Result>(
    options: WriteOptions,
    work: (turn: WriterTurn) => Promise<Result>,
  ) => Promise<Result>;
  /** The tables that an unfinished re-embedding makes, to be closed; undefined when there is none. */
  readonly openUnfinished?: () => Promise<LanceDatabase | undefined>;
  /** The writer at work now, in words. */
  readonly currentWriter: () => Promise<string | undefined>;
  /** What the store says of itself now. @throws StoreError `store_embedder_mismatch` when its tables were replaced. */
  readonly currentManifest: () => Promise<Manifest>;
  readonly close: () => void;
}

const watchOptionsSchema = syncOptionsSchema.omit({ rehash: true }).extend({
  debounceMs: z.number().min(0).max(60_000).default(100),
  pollMs: z.number().min(10).optional(),
  rescanMs: z.number().min(0).default(600_000),
});

/** The retriever on an open database: searches, writing calls, and what waits for what. */
export function createRetriever({
  location,
  database,
  embedder,
  vectorWeight,
  keepVersions,
  now,
  reranking,
  alone,
  indexPolicy,
  exclusively,
  currentWriter,
  openUnfinished,
  currentManifest,
  close,
}: RetrieverParts): Retriever {
  const tables = new Map<string, Promise<LanceTable | undefined>>();
  const forms = new WeakMap<LanceTable, WordForms>();
  const ranking = { embedder, vectorWeight, reranking };
  const inFlight = new Set<Promise<unknown>>();
  const watches = new Set<FolderWatch>();
  const subject = `knowledge store ${location}`;
  let disposed: Promise<void> | undefined;

  const tableOf = (tenant: string): Promise<LanceTable | undefined> => {
    const name = tableName(tenant);
    const known = tables.get(name);
    if (known) return known;
    const isGone = async () => {
      const now = await database.open(name);
      now?.close();
      if (!now) tables.delete(name);
      return !now;
    };
    const opened = database.open(name).then((table) => table && vanishing(table, isGone));
    tables.set(name, opened);
    // A table that is not there yet may be made by another process at any time.
    opened.then(
      (table) => table ?? tables.delete(name),
      () => tables.delete(name),
    );
    return opened;
  };

  /** Reads a tenant's two tables. History is read seldom, so its table is opened each time. */
  const withHistory = async <Result>(
    tenant: string,
    read: (tables: TenantTables) => Promise<Result>,
  ): Promise<Result | undefined> => {
    const live = await tableOf(tenant);
    if (!live) return undefined;
    const history = await database.openHistory(historyTable(tableName(tenant)));
    try {
      return await read({ live, history });
    } finally {
      history?.close();
    }
  };

  /** Reads what a principal may: its tenant as it stands, or as it stood. */
  const reading = async <Result>(
    principal: Principal,
    asOf: Date | undefined,
    read: (table: TableView | undefined) => Promise<Result>,
  ): Promise<Result> => {
    if (!asOf) return read(await tableOf(principal.tenant));
    checkPast(asOf, now());
    const found = await withHistory(principal.tenant, async (both) => {
      const words = forms.get(both.live) ?? createWordForms(both.live);
      forms.set(both.live, words);
      return { result: await read(await stateAt(both, words, { asOf, principal })) };
    });
    return found ? found.result : read(undefined);
  };

  const forget = async (tenant: string) => {
    const table = await tables.get(tableName(tenant))?.catch(() => undefined);
    tables.delete(tableName(tenant));
    table?.close();
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

  /** A read that found nothing, or counted, must know that its table is not one that is being removed. */
  const read = <Result>(
    work: () => Promise<Result>,
    isEmpty: (result: Result) => boolean = () => true,
  ): Promise<Result> =>
    track(async () => {
      const result = await work();
      if (isEmpty(result)) await currentManifest();
      return result;
    });

  /** Runs a writing call on the tenant's table, made when it is missing. */
  const write = (
    options: WriteOptions,
    tenant: string,
    source: string,
    work: (writer: ChangeWriter, stored: ReadonlyMap<string, StoredHeader>) => Promise<ChangeReport>,
    parts?: readonly string[],
  ): Promise<ChangeReport> =>
    exclusively(options, async (turn) => {
      const tenantTables = await openForWriting(tenant, turn);
      const { live: table, history: past } = tenantTables;
      let writer: ChangeWriter | undefined;
      try {
        // Parsers load with the first writing call: who only searches never needs them.
        const { createChangeWriter, readHeaders } = await import("./ingest/write.ts");
        const stored = await readHeaders(table, source, parts);
        const keepMs = keepVersionsMs(await keepVersions());
        const history = createHistory({ live: table, history: past, keepMs, now });
        await history.settle();
        const { signal } = options;
        writer = createChangeWriter({ table, history, embedder, stored, alone, indexPolicy, signal });
        const report = await work(writer, stored);
        await past.tidy();
        return report;
      } catch (error) {
        throw isSystemError(error) ? storeFailure(error, location) : error;
      } finally {
        // A commit may still be under way when a call fails or is cancelled; until it ends nobody else may write.
        await writer?.settle();
        tenantTables.close();
      }
    });

  const openForWriting = (tenant: string, turn: WriterTurn) =>
    openTenant({ database, name: tableName(tenant), dimensions: embedder.dimensions, turn, now });

  const openSource = async (folder: string, settings: Omit<FolderSourceSettings, "location">) => {
    const { openFolderSource } = await import("./ingest/folder-source.ts");
    const opened = await openFolderSource(folder, { ...settings, location });
    if (opened.source === UPSERT_SOURCE) throw reservedSource();
    return opened;
  };

  return {
    search: (request) =>
      read(
        async () => {
          const { signal, ...fields } = request;
          const parsed = parseInput(searchRequestSchema, fields, "search request");
          throwIfAborted(signal, subject);
          return reading(parsed.principal, parsed.asOf, async (table) => {
            const found = await searchTable({ table, ...ranking }, { ...parsed, signal });
            const { asOf } = parsed;
            return asOf ? { ...found, warnings: [...found.warnings, asOfWarning(asOf)] } : found;
          });
        },
        ({ passages }) => passages.length === 0,
      ),

    document: (id, principal, options = {}) =>
      read(async () => {
        const { asOf } = parseInput(documentOptionsSchema, options, "document options");
        const who = parseInput(principalSchema, principal, "principal");
        const wanted = parseInput(z.string().max(256), id, "document id");
        if (!/^[0-9a-f]+$/.test(wanted)) return undefined;
        const columns = ["id", "uri", "title", "text", "tenant", "roles", "metadata", "version", "source"];
        const [row] = await reading(
          who,
          asOf,
          async (table) => (await table?.select(documentFilter(wanted, who), columns)) ?? [],
        );
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
        const { tenant = DEFAULT_TENANT, defaultRoles = [], signal, onProgress } = parsed;
        const { parseDocuments, putDocuments } = await import("./ingest/upsert.ts");
        const inputs = parseDocuments(documents);
        return write(parsed, tenant, UPSERT_SOURCE, async (writer) => {
          const about = { tenant, source: UPSERT_SOURCE, defaultRoles };
          await putDocuments({ writer, inputs, about, subject, signal, onProgress });
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
        const source = await openSource(path, { ...parsed, tenant });
        const listing = await source.list();
        return write(parsed, tenant, source.source, (writer, stored) =>
          source.write(listing, writer, stored, parsed),
        );
      }),

    count: (request) =>
      read(async () => {
        const { signal, ...fields } = request;
        const parsed = parseInput(countRequestSchema, fields, "count request");
        throwIfAborted(signal, subject);
        return countReadable(await tableOf(parsed.principal.tenant), parsed);
      }),

    facets: (request) =>
      read(async () => {
        const { signal, ...fields } = request;
        const parsed = parseInput(facetsRequestSchema, fields, "facets request");
        throwIfAborted(signal, subject);
        return facetsOfReadable(await tableOf(parsed.principal.tenant), parsed);
      }),

    watch: (folder, { onEvent = () => {}, ...options } = {}) =>
      track(async () => {
        const parsed = parseOptions(watchOptionsSchema, options, "watch options");
        const path = parseInput(z.string().min(1), folder, "folder");
        const tenant = parsed.tenant ?? DEFAULT_TENANT;
        throwIfAborted(parsed.signal, subject);
        const source = await openSource(path, { ...parsed, tenant });
        const [{ watchFolder }, { storedParts }] = await Promise.all([
          import("./watch/watch-folder.ts"),
          import("./ingest/folder-source.ts"),
        ]);
        const { debounceMs: quietMs, pollMs, rescanMs, onProgress } = parsed;
        const watch = await watchFolder({
          ...{ root: source.root, quietMs, pollMs, rescanMs, onEvent, signal: parsed.signal },
          list: source.list,
          tidy: async (signal) => {
            await write({ signal }, tenant, source.source, (writer) => writer.finish(), []);
          },
          sync: async (parts, signal) => {
            const run = { signal, ...(onProgress && { onProgress }), partial: parts !== undefined };
            const listing = await source.list(parts);
            return write(
              run,
              tenant,
              source.source,
              (writer, stored) => source.write(listing, writer, stored, run),
              parts && storedParts(parts, listing),
            );
          },
        });
        watches.add(watch);
        const forget = () => watches.delete(watch);
        watch.closed.then(forget, forget);
        return watch;
      }),

    roles: (tenant) =>
      read(async () => {
        const table = await tableOf(parseInput(tenantSchema, tenant, "tenant"));
        const rows = (await table?.select(headerFilter(), ["roles"])) ?? [];
        return [...new Set(rows.flatMap((row) => (row.roles as readonly unknown[]).map(String)))].sort();
      }),

    check: (request) =>
      read(async () => {
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
              const search = {
                ...searchRequestSchema.parse({ query, principal, topK, copies: "keep" }),
                signal,
              };
              const { passages } = await searchTable({ table, ...ranking }, search);
              return passages.map(({ documentId }) => documentId);
            },
          };
        });
      }),

    versions: (reference, principal) =>
      read(async () => {
        const wanted = parseInput(documentReferenceSchema, reference, "page");
        const who = parseInput(principalSchema, principal, "principal");
        return (await withHistory(who.tenant, (found) => listVersions(found, wanted, who))) ?? [];
      }),

    purge: (references, principal, options = {}) =>
      track(async () => {
        const parsed = parseOptions(z.strictObject({}), options, "purge options");
        const wanted = parseInput(z.array(documentReferenceSchema), references, "pages");
        const who = parseInput(principalSchema, principal, "principal");
        checkMayPurge(who);
        return exclusively(parsed, async (turn) => {
          const { live, history, close } = await openForWriting(who.tenant, turn);
          try {
            await finishErasing(live, history);
            const name = tableName(who.tenant);
            return await purgeDocuments({ live, history, openUnfinished, name }, wanted, who);
          } finally {
            close();
          }
        });
      }),

    reindex: (request) =>
      track(() => reindexTenant({ database, exclusively, forget, openUnfinished, indexPolicy }, request)),

    removeTenant: (request) =>
      track(() => removeTenant({ database, exclusively, forget, openUnfinished }, request)),

    status: () =>
      track(async (): Promise<StoreStatus> => {
        const { next } = await currentManifest();
        const names = (await database.tableNames()).filter(isTenantTable);
        const tenants = await Promise.all(names.map((name) => tenantStatus(database, name)));
        const writer = await currentWriter();
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
      await Promise.all([...watches].map((watch) => watch.close()));
      for (const table of await Promise.allSettled(tables.values())) {
        if (table.status === "fulfilled") table.value?.close();
      }
      close();
    })();
    return disposed;
  }
}

function asOfWarning(asOf: Date): Warning {
  return {
    code: "as_of",
    message: `The pages were read as they stood at ${asOf.toISOString()}, under the access rules of today`,
  };
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

function parseOptions<Schema extends z.ZodObject>(
  schema: Schema,
  options: Pick<WriteOptions, "signal" | "onProgress">,
  subject: string,
): z.output<Schema> & Pick<WriteOptions, "signal" | "onProgress"> {
  const { signal, onProgress, ...fields } = options;
  return {
    ...parseInput(schema, fields, subject),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  };
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
