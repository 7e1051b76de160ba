import {
  countRequestSchema,
  type Document,
  documentReferenceSchema,
  facetsRequestSchema,
  healthRequestSchema,
  instantSchema,
  parseInput,
  principalSchema,
  type Retriever,
  type StoreStatus,
  searchRequestSchema,
  tenantSchema,
  throwIfAborted,
  type Warning,
} from "@advisor/contracts";
import { z } from "zod";
import { listVersions } from "./history/past.ts";
import type { RetrieverParts, Track } from "./retriever-parts.ts";
import { countReadable, facetsOfReadable } from "./search/facets.ts";
import { searchTable } from "./search/search.ts";
import { ANY_CHUNK, documentFilter, headerFilter } from "./store/filter.ts";
import type { LanceDatabase } from "./store/lance.ts";
import { isTenantTable, STORE_FORMAT } from "./store/manifest.ts";
import type { TenantReader } from "./tenant-reader.ts";

const documentOptionsSchema = z.strictObject({ asOf: instantSchema.optional() });

type ReadingCalls = Required<
  Pick<Retriever, "search" | "document" | "count" | "facets" | "roles" | "check" | "versions" | "status">
>;

/** The calls that change nothing. */
export function createReadingCalls(parts: RetrieverParts, reader: TenantReader, track: Track): ReadingCalls {
  const { location, database, embedder, vectorWeight, reranking, currentWriter, currentManifest } = parts;
  const { tableOf, withHistory, reading } = reader;
  const ranking = { embedder, vectorWeight, reranking };
  const subject = `knowledge store ${location}`;

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

    count: (request) =>
      read(async () => {
        const { signal, ...fields } = request;
        const parsed = parseInput(countRequestSchema, fields, "count request");
        throwIfAborted(signal, subject);
        return reading(parsed.principal, parsed.asOf, (table) => countReadable(table, parsed));
      }),

    facets: (request) =>
      read(async () => {
        const { signal, ...fields } = request;
        const parsed = parseInput(facetsRequestSchema, fields, "facets request");
        throwIfAborted(signal, subject);
        return reading(parsed.principal, parsed.asOf, (table) => facetsOfReadable(table, parsed, signal));
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
  };
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
