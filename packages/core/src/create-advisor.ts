import { randomUUID } from "node:crypto";
import {
  type Answer,
  BadInputError,
  DEFAULT_PRINCIPAL,
  type DocumentInput,
  type DocumentReference,
  type FolderWatch,
  parseInput,
  principalSchema,
  type Retriever,
  type SyncOptions,
  type Warning,
  type WatchOptions,
  type WriteOptions,
} from "@advisor/contracts";
import { realFolder } from "@advisor/retrieval";
import { defaultAdapter } from "./adapter-choice.ts";
import type { Advisor, AdvisorSettings } from "./advisor.ts";
import { answerEvents, type Environment } from "./ask.ts";
import { parseAskRequest, parseSearch } from "./ask-request.ts";
import { loaders } from "./loaders.ts";
import { GENERAL_PROFILE } from "./model-profile.ts";
import { createParts, isStoreMissing, type PartLoaders } from "./parts.ts";
import { type ParsedSettings, parseSettings } from "./settings.ts";
import { isStoreChoice } from "./store-choice.ts";
import { createWorkTracker } from "./work-tracker.ts";

/**
 * Makes an advisor. Nothing is loaded yet: store, embedder and model load on first use, once, and a failed load is
 * tried again on the next use.
 *
 * Parts given in the settings (a retriever, embedder, reranker or generator of your own) stay yours: `dispose` leaves them open.
 *
 * @throws BadInputError `invalid_setting` or `unknown_mode`, naming the field.
 */
export async function createAdvisor(settings: AdvisorSettings = {}): Promise<Advisor> {
  return assembleAdvisor(parseSettings(settings), loaders, {
    now: () => performance.now(),
    newId: randomUUID,
  });
}

/** The advisor from its inner parts. Tests put their own loaders, clock and id source here. */
export function assembleAdvisor(
  settings: ParsedSettings,
  partLoaders: PartLoaders,
  environment: Environment,
): Advisor {
  const parts = createParts(settings, partLoaders, GENERAL_PROFILE);
  const work = createWorkTracker("advisor");
  const principal = settings.principal ?? DEFAULT_PRINCIPAL;
  const watches = new Set<FolderWatch>();
  let disposing: Promise<void> | undefined;

  /** Writing calls act in the principal's tenant and report to the advisor's progress listener, unless told otherwise. */
  const writeOptions = <Options extends WriteOptions>(options: Options | undefined) => ({
    ...(settings.onProgress ? { onProgress: settings.onProgress } : {}),
    ...options,
    tenant: options?.tenant ?? principal.tenant,
  });

  async function* events(
    request: Parameters<Advisor["stream"]>[0],
    listens: boolean,
  ): ReturnType<Advisor["stream"]> & AsyncGenerator {
    const leave = work.enter();
    try {
      yield* answerEvents({ settings, parts, environment, listens }, parseAskRequest(request));
    } finally {
      leave();
    }
  }

  function dispose(): Promise<void> {
    disposing ??= work
      .close()
      .then(() => Promise.all([...watches].map((watch) => watch.close())))
      .then(parts.dispose);
    return disposing;
  }

  return {
    sync: (folder, options?: SyncOptions) =>
      work.run(async () => {
        if (typeof settings.store === "string" || isStoreChoice(settings.store)) await realFolder(folder);
        return (await parts.retrieverForWriting()).sync(folder, writeOptions(options));
      }),
    watch: (folder, options?: WatchOptions) =>
      work.run(async () => {
        if (typeof settings.store === "string") await realFolder(folder);
        const retriever = await parts.retrieverForWriting();
        if (!retriever.watch) throw lacks("watch");
        const watch = await retriever.watch(folder, writeOptions(options));
        watches.add(watch);
        const forget = () => watches.delete(watch);
        watch.closed.then(forget, forget);
        return watch;
      }),
    upsert: (documents, options) =>
      work.run(async () => {
        const list = isOne(documents) ? [documents] : documents;
        return (await parts.retrieverForWriting()).upsert(list, writeOptions(options));
      }),
    remove: (uris, options) =>
      work.run(async () => {
        const list = typeof uris === "string" ? [uris] : uris;
        return (await parts.retrieverForWriting()).remove(list, writeOptions(options));
      }),
    search: (query, options) =>
      work.run(async () => {
        const { signal, asOf, ...request } = parseSearch(query, options);
        return (await parts.retriever()).search({
          ...request,
          ...(asOf ? { asOf } : {}),
          principal: request.principal ?? principal,
          topK: request.topK ?? settings.topK,
          ...(signal ? { signal } : {}),
        });
      }),
    document: (id, options) =>
      work.run(async () => {
        const reader =
          options?.principal && parseInput(principalSchema, options.principal, "document, principal");
        const asOf = options?.asOf === undefined ? {} : { asOf: options.asOf };
        return (await parts.retriever()).document(id, reader ?? principal, asOf);
      }),
    versions: (page, options) =>
      work.run(async () => {
        const retriever = await parts.retriever();
        if (!retriever.versions) throw lacks("versions");
        return retriever.versions(referenceOf(page), options?.principal ?? principal);
      }),
    purge: (pages, options) =>
      work.run(async () => {
        const list = Array.isArray(pages) ? pages : [pages];
        const retriever = await parts.retriever();
        if (!retriever.purge) throw lacks("purge");
        return retriever.purge(list.map(referenceOf), options?.principal ?? principal, {
          ...(settings.onProgress ? { onProgress: settings.onProgress } : {}),
          ...(options?.signal ? { signal: options.signal } : {}),
        });
      }),
    roles: (tenant) => work.run(async () => (await parts.retriever()).roles(tenant ?? principal.tenant)),
    count: (options) =>
      work.run(async () => {
        const retriever = await parts.retriever();
        if (!retriever.count) throw lacks("count");
        return retriever.count({ ...options, principal: options?.principal ?? principal });
      }),
    facets: (options) =>
      work.run(async () => {
        const retriever = await parts.retriever();
        if (!retriever.facets) throw lacks("facets");
        return retriever.facets({ ...options, principal: options.principal ?? principal });
      }),
    check: (options) =>
      work.run(async () => {
        const retriever = await parts.retriever();
        if (!retriever.check) throw lacks("check");
        return retriever.check({ ...options, principal: options?.principal ?? principal });
      }),
    reindex: (options) =>
      work.run(async () => {
        const retriever = await parts.retriever();
        if (!retriever.reindex) throw lacks("reindex");
        return retriever.reindex({ ...options, principal: options?.principal ?? principal });
      }),
    removeTenant: (options) =>
      work.run(async () => {
        const retriever = await parts.retriever();
        if (!retriever.removeTenant) throw lacks("removeTenant");
        return retriever.removeTenant(options);
      }),
    ask: async (request) => {
      let answer: Answer | undefined;
      for await (const event of events(request, false)) if (event.type === "answer") answer = event.answer;
      // The pipeline ends with an answer or throws.
      return answer as Answer;
    },
    stream: (request) => events(request, true),
    status: () =>
      work.run(async () => {
        const [profile, generator, store] = await Promise.all([
          parts.profile(),
          parts.generator(),
          parts.retriever().then((retriever) => retriever.status()),
        ]);
        const adapters = generator.adapters();
        const adapter = defaultAdapter(settings, profile, adapters);
        return {
          model: generator.model,
          adapters,
          store,
          principal,
          defaults: {
            mode: settings.mode,
            grounding: settings.grounding ?? profile.grounding,
            topK: settings.topK,
            ...(adapter ? { adapter: adapter.name } : {}),
          },
          warnings: [
            ...(settings.principal ? [] : [NOBODY_NAMED]),
            ...adapters.flatMap(({ warnings }) => warnings),
          ],
        };
      }),
    warmUp: () =>
      work.run(async () => {
        const store = parts.retriever().catch((error: unknown) => {
          // There is nothing to warm before the first sync.
          if (!isStoreMissing(error)) throw error;
        });
        await Promise.all([parts.profile(), parts.embedder(), parts.reranker(), store, parts.generator()]);
      }),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

const NOBODY_NAMED: Warning = {
  code: "principal_default",
  message: `No principal is set, so requests that name none act as administrator of the tenant ${DEFAULT_PRINCIPAL.tenant}`,
};

/** A page by its uri, in whatever source it is, or as the caller names it. */
function referenceOf(page: string | DocumentReference): DocumentReference {
  return typeof page === "string" ? { uri: page } : page;
}

function lacks(method: keyof Retriever & string): BadInputError {
  return new BadInputError({
    code: "invalid_setting",
    subject: "settings, store",
    reason: `this retriever has no \`${method}\``,
    nextStep: "Use the knowledge store of @advisor/retrieval, or give your retriever the method",
  });
}

function isOne(
  documents: DocumentInput | readonly DocumentInput[] | AsyncIterable<DocumentInput>,
): documents is DocumentInput {
  return !Array.isArray(documents) && !(Symbol.asyncIterator in documents);
}
