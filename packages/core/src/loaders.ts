import { nanoAdapters, nanoChatModel } from "@advisor/nano";
import { loadEmbedder, NANO, vectorWeightOf } from "./embedder-choice.ts";
import { GENERAL_PROFILE, profileOfCard } from "./model-profile.ts";
import type { PartLoaders } from "./parts.ts";
import { loadReranker } from "./reranker-choice.ts";

/**
 * The import of the native library, once a model loads. Its start then waits for another process, which is the time to
 * import what the store and the embedder need. With the imports mixed, both waits come after all of them.
 */
let modelImport: Promise<unknown> | undefined;

/** Makes the parts of this SDK's own packages. Each is imported when it is needed, so importing core stays cheap. */
export const loaders: PartLoaders = {
  async profile(model) {
    return model === NANO ? profileOfCard((await nanoChatModel()).card) : GENERAL_PROFILE;
  },

  async generator(model, settings) {
    const common = {
      ...(settings.contextLength === undefined ? {} : { contextLength: settings.contextLength }),
      gpu: settings.gpu,
      ...(settings.onProgress ? { onProgress: settings.onProgress } : {}),
    };
    const adapters = import("@advisor/adapters");
    // Who waits for it only wants to come after it; a failure is the model's to tell.
    modelImport ??= adapters.then(({ importRuntime }) => importRuntime()).catch(() => undefined);
    if (model !== NANO) {
      return (await adapters).loadModel({ path: model, adapters: settings.adapters, ...common });
    }
    const [{ loadModel }, { path, card }, own] = await Promise.all([
      adapters,
      nanoChatModel(),
      nanoAdapters(),
    ]);
    return loadModel({
      path,
      name: card.name,
      sha256: card.sha256,
      contextLength: card.contextLength,
      adapters: [...own.map((adapter) => adapter.path), ...settings.adapters],
      ...common,
    });
  },

  async embedder(setting, settings) {
    await modelImport;
    return loadEmbedder(setting, settings);
  },

  async reranker(setting) {
    await modelImport;
    return loadReranker(setting);
  },

  async retriever({ store, embedder, reranker, create, settings }) {
    const { openKnowledge } = await import("@advisor/retrieval");
    const vectorWeight = await vectorWeightOf(settings.embedder);
    return openKnowledge({
      ...(typeof store === "string" ? { location: store } : store),
      embedder,
      ...(reranker && { reranker }),
      ...(settings.rerankDepth === undefined ? {} : { rerankDepth: settings.rerankDepth }),
      create,
      ...(settings.keepVersions ? { keepVersions: settings.keepVersions } : {}),
      ...(vectorWeight === undefined ? {} : { vectorWeight }),
      ...(settings.onProgress ? { onProgress: settings.onProgress } : {}),
    });
  },
};
