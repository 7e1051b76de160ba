import {
  BadInputError,
  type ChangeReport,
  DEFAULT_TENANT,
  documentReferenceSchema,
  type FolderWatch,
  globsSchema,
  keepVersionsMs,
  parseInput,
  principalSchema,
  type Retriever,
  throwIfAborted,
  type WriteOptions,
  writeOptionsSchema,
} from "@advisor/contracts";
import { z } from "zod";
import { reindexTenant, removeTenant } from "./administration.ts";
import { parseOptions } from "./call-options.ts";
import { checkMayPurge, purgeDocuments } from "./history/purge.ts";
import type { FolderSourceSettings } from "./ingest/folder-source.ts";
import { storableName as name } from "./ingest/storable-name.ts";
import type { ChangeWriter, StoredHeader } from "./ingest/write.ts";
import type { RetrieverParts, Track } from "./retriever-parts.ts";
import { createHistory, finishErasing } from "./store/history.ts";
import { tableName } from "./store/manifest.ts";
import { storeFailure } from "./store/store-failure.ts";
import { openTenant } from "./store/tenant.ts";
import type { TenantReader } from "./tenant-reader.ts";
import type { WriterTurn } from "./writers/writer-turn.ts";

/** Source of documents handed over in code. */
const UPSERT_SOURCE = "upsert";
/** Up to so many documents are looked up by name; of more, all of the source are read. */
const MANY_NAMES = 1000;
const syncOptionsSchema = writeOptionsSchema.extend({
  source: name.optional(),
  include: globsSchema.optional(),
  exclude: globsSchema.optional(),
  rehash: z.boolean().default(false),
});
const urisSchema = z.array(name);
const watchOptionsSchema = syncOptionsSchema.omit({ rehash: true }).extend({
  debounceMs: z.number().min(0).max(60_000).default(100),
  pollMs: z.number().min(10).optional(),
  rescanMs: z.number().min(0).default(600_000),
});

type WritingCalls = Required<
  Pick<Retriever, "upsert" | "remove" | "sync" | "watch" | "purge" | "reindex" | "removeTenant">
>;

/** The calls that change the store. `watches` gets the watches that are open. */
export function createWritingCalls(
  parts: RetrieverParts,
  { forget }: TenantReader,
  track: Track,
  watches: Set<FolderWatch>,
): WritingCalls {
  const { location, database, embedder, alone, indexPolicy, exclusively, openUnfinished, keepVersions, now } =
    parts;
  const subject = `knowledge store ${location}`;

  /** By tenant, the state of its tables after this retriever's last writing call, if that ended well. */
  const endedWell = new Map<string, string>();

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
      const { live: table, history: past, horizon } = tenantTables;
      let writer: ChangeWriter | undefined;
      try {
        // Parsers load with the first writing call: who only searches never needs them.
        const { createChangeWriter, readHeaders } = await import("./ingest/write.ts");
        const stored = await readHeaders(table, source, parts);
        const keepMs = keepVersionsMs(await keepVersions());
        const history = createHistory({ live: table, history: past, horizon, keepMs, now });
        await history.settle(endedWell.get(tenant));
        endedWell.delete(tenant);
        const { signal } = options;
        writer = createChangeWriter({ table, history, embedder, stored, alone, indexPolicy, signal });
        const report = await work(writer, stored);
        await past.tidy();
        // What was written stands, even if it cannot be asked for its name.
        const state = await history.state().catch(() => undefined);
        if (state !== undefined) endedWell.set(tenant, state);
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
    upsert: (documents, options = {}) =>
      track(async () => {
        const parsed = parseOptions(writeOptionsSchema, options, "upsert options");
        const { tenant = DEFAULT_TENANT, defaultRoles = [], signal, onProgress } = parsed;
        const { parseDocuments, putDocuments } = await import("./ingest/upsert.ts");
        const inputs = parseDocuments(documents);
        const put = async (writer: ChangeWriter) => {
          const about = { tenant, source: UPSERT_SOURCE, defaultRoles };
          await putDocuments({ writer, inputs, about, subject, signal, onProgress });
          return writer.finish();
        };
        return write(parsed, tenant, UPSERT_SOURCE, put, toLookUp(inputs.uris));
      }),

    remove: (uris, options = {}) =>
      track(async () => {
        const parsed = parseOptions(writeOptionsSchema, options, "remove options");
        const wanted = new Set(parseInput(urisSchema, uris, "uris"));
        const take = async (writer: ChangeWriter, stored: ReadonlyMap<string, StoredHeader>) => {
          for (const uri of wanted) {
            if (!stored.has(uri)) writer.skip(uri, "no document of this uri was handed over with upsert");
          }
          await writer.remove([...stored.values()].filter(({ uri }) => wanted.has(uri)));
          return writer.finish();
        };
        const tenant = parsed.tenant ?? DEFAULT_TENANT;
        return write(parsed, tenant, UPSERT_SOURCE, take, toLookUp([...wanted]));
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
        const leave = () => watches.delete(watch);
        watch.closed.then(leave, leave);
        return watch;
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
            await embedder.forget?.();
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
  };
}

/** Names to look up, where that is less work than reading what is stored of their source. */
function toLookUp(uris: readonly string[] | undefined): readonly string[] | undefined {
  return uris && uris.length <= MANY_NAMES ? uris : undefined;
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
