import {
  AdvisorError,
  type Embedder,
  type Generator,
  type Reranker,
  type Retriever,
} from "@advisor/contracts";
import type { AskParts } from "./ask.ts";
import type { EmbedderChoice } from "./embedder-choice.ts";
import { lazyPart } from "./lazy-part.ts";
import type { ModelProfile } from "./model-profile.ts";
import type { RerankerChoice } from "./reranker-choice.ts";
import type { ParsedSettings } from "./settings.ts";
import type { StoreChoice } from "./store-choice.ts";

/** How each part is made when the caller gave none of their own. */
export interface PartLoaders {
  embedder(setting: string | EmbedderChoice, settings: ParsedSettings): Promise<Embedder>;
  reranker(setting: string | RerankerChoice): Promise<Reranker>;
  /** With `create` false a store that is not there is `store_missing`. */
  retriever(store: StoreRequest): Promise<Retriever>;
  generator(model: string, settings: ParsedSettings): Promise<Generator>;
  profile(model: string): Promise<ModelProfile>;
}

export interface StoreRequest {
  readonly store: string | StoreChoice;
  readonly embedder: Embedder;
  readonly reranker?: Reranker;
  readonly create: boolean;
  readonly settings: ParsedSettings;
}

export interface AdvisorParts extends AskParts {
  /** Undefined when the settings name none. */
  reranker(): Promise<Reranker | undefined>;
  /** The retriever, its store made when there is none. Reading never makes one: a mistyped path would answer nothing. */
  retrieverForWriting(): Promise<Retriever>;
  /** Frees what was loaded here. Parts that the caller gave are the caller's to free. */
  dispose(): Promise<void>;
}

/** The parts of an advisor: each is loaded on first use, once, or is the caller's own. */
export function createParts(
  settings: ParsedSettings,
  loaders: PartLoaders,
  generalProfile: ModelProfile,
): AdvisorParts {
  const embedder = ownOrLazy<string | EmbedderChoice, Embedder>(settings.embedder, (setting) =>
    loaders.embedder(setting, settings),
  );
  const reranker =
    settings.reranker === undefined
      ? undefined
      : ownOrLazy<string | RerankerChoice, Reranker>(settings.reranker, loaders.reranker);
  let create = false;
  const retriever = ownOrLazy<string | StoreChoice, Retriever>(settings.store, async (store) => {
    const [embeds, reranks] = await Promise.all([embedder.get(), reranker?.get()]);
    return loaders.retriever({
      store,
      embedder: embeds,
      ...(reranks && { reranker: reranks }),
      create,
      settings,
    });
  });
  const generator = ownOrLazy<string, Generator>(settings.model, (model) =>
    loaders.generator(model, settings),
  );
  const profile = lazyPart(
    async () => {
      const { model, promptFormat } = settings;
      const found = typeof model === "string" ? await loaders.profile(model) : generalProfile;
      return promptFormat ? { ...found, promptFormat } : found;
    },
    async () => undefined,
  );
  return {
    embedder: embedder.get,
    reranker: async () => reranker?.get(),
    retriever: retriever.get,
    async retrieverForWriting() {
      try {
        return await retriever.get();
      } catch (error) {
        if (!isStoreMissing(error)) throw error;
        create = true;
        return retriever.get();
      }
    },
    generator: generator.get,
    profile: profile.get,
    async dispose() {
      // The retriever works with embedder and reranker, so it goes first.
      const store = retriever
        .dispose()
        .finally(() => settled([embedder.dispose(), reranker?.dispose() ?? Promise.resolve()]));
      await settled([generator.dispose(), store]);
    },
  };
}

export function isStoreMissing(error: unknown): boolean {
  return AdvisorError.isInstance(error) && error.code === "store_missing";
}

/** A part of the caller's own, which has its methods, or one that is loaded from what names it. */
function ownOrLazy<Setting extends string | object, Part extends { dispose(): Promise<void> }>(
  setting: Setting | Part,
  load: (setting: Setting) => Promise<Part>,
) {
  if (typeof setting === "object" && "dispose" in setting) {
    return { get: async () => setting, dispose: async () => undefined };
  }
  return lazyPart(
    () => load(setting as Setting),
    (part) => part.dispose(),
  );
}

/** Waits for all, then throws the first failure: one part that fails to close must not keep the others open. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
