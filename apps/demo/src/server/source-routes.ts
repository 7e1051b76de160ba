import { type Advisor, DEFAULT_TENANT } from "@advisor/core";
import type { Context } from "hono";
import { z } from "zod";
import { ROLE_IDS } from "../shared/roles.ts";
import type { PageView, ShelfView, SourceView } from "../shared/wire.ts";
import { MAX_ID_LENGTH, READ_TIMEOUT_MS } from "./limits.ts";
import { refuse } from "./refuse.ts";
import { principalOf } from "./roles.ts";

export interface ReadRouteSettings {
  readonly advisor: Advisor;
  readonly readTimeoutMs?: number;
}

type Route = (context: Context) => Promise<Response>;

const querySchema = z.strictObject({ role: z.enum(ROLE_IDS) });
const idSchema = z.string().min(1).max(MAX_ID_LENGTH);

/** Passages one search may return; as many as a retriever allows, so that a small handbook is seen whole. */
const SHELF_PASSAGES = 200;

const badQuery = (context: Context) =>
  refuse(context, 400, {
    code: "invalid_request",
    message: `Name one role, as in ?role=employee, and nothing else. There are: ${ROLE_IDS.join(", ")}.`,
  });

const timedOut = (context: Context, ms: number) =>
  refuse(context, 504, {
    code: "timeout",
    message: `The store did not answer within ${ms / 1000} s. Try again.`,
  });

const TIMEOUT = Symbol("timeout");

async function within<Value>(ms: number, work: Promise<Value>): Promise<Value | typeof TIMEOUT> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof TIMEOUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMEOUT), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `GET /api/source/:id?role=`: a document, if that role may read it; else it does not exist. */
export function sourceRoute({ advisor, readTimeoutMs = READ_TIMEOUT_MS }: ReadRouteSettings): Route {
  return async (context) => {
    const query = querySchema.safeParse(context.req.query());
    const id = idSchema.safeParse(context.req.param("id"));
    if (!query.success || !id.success) return badQuery(context);
    const principal = principalOf(query.data.role);
    const document = await within(readTimeoutMs, advisor.document(id.data, { principal }));
    if (document === TIMEOUT) return timedOut(context, readTimeoutMs);
    if (!document) {
      return refuse(context, 404, {
        code: "not_found",
        message: "There is no such page for this role. Choose a role that may read it, or ask again.",
      });
    }
    const { uri, title, text, version, access } = document;
    return context.json({
      id: document.id,
      uri,
      title,
      text,
      version,
      roles: access.roles,
    } satisfies SourceView);
  };
}

/** `GET /api/shelf?role=`: the pages that role may read, as the store finds them under its rules. */
export function shelfRoute({ advisor, readTimeoutMs = READ_TIMEOUT_MS }: ReadRouteSettings): Route {
  return async (context) => {
    const query = querySchema.safeParse(context.req.query());
    if (!query.success) return badQuery(context);
    const { role } = query.data;
    const signal = AbortSignal.any([context.req.raw.signal, AbortSignal.timeout(readTimeoutMs)]);
    // Every permitted passage is some distance away from any question, so this search lists them all.
    const search = advisor.search("handbook", {
      principal: principalOf(role),
      mode: "vector",
      topK: SHELF_PASSAGES,
      signal,
    });
    const both = await within(readTimeoutMs, Promise.all([search, advisor.status()]));
    if (both === TIMEOUT) return timedOut(context, readTimeoutMs);
    const [found, { store }] = both;
    const documents = store.tenants.find(({ tenant }) => tenant === DEFAULT_TENANT)?.documents;
    const pages = new Map<string, PageView>();
    for (const { documentId, uri, title } of found.passages) {
      pages.set(documentId, { id: documentId, uri, title });
    }
    return context.json({
      role,
      pages: [...pages.values()].sort((a, b) => (a.uri < b.uri ? -1 : 1)),
      complete: found.passages.length < SHELF_PASSAGES || pages.size === documents,
    } satisfies ShelfView);
  };
}
