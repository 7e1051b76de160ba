import { rm } from "node:fs/promises";
import { AdapterError, ModelError } from "@advisor/contracts";
import type { AdapterPoolOptions, PoolKey } from "../llama/adapter-pool.ts";
import {
  type LlamaContextSequence,
  type LlamaModel,
  type LlamaRuntime,
  nativeError,
  type Token,
} from "../llama/runtime.ts";
import { checkCanary, readLogits } from "./canary.ts";
import type { CheckedAdapter } from "./manifest.ts";
import { createPrivateFolder } from "./private-copy.ts";

export interface AdapterContextsOptions {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly adapters: readonly CheckedAdapter[];
  readonly contextOptions: {
    readonly contextSize: number;
    readonly sequences: number;
    readonly threads: number;
  };
  readonly canaryPrompt: readonly Token[];
}

/** How a pool makes and examines the contexts of a model and its adapters. */
export interface AdapterContexts extends Pick<AdapterPoolOptions, "createContext"> {
  readonly examine: (key: PoolKey, sequence: LlamaContextSequence) => Promise<void>;
  /** Removes what was copied. Call it once the model is disposed. */
  dispose(): Promise<void>;
}

export function createAdapterContexts(options: AdapterContextsOptions): AdapterContexts {
  const { runtime, model, adapters, canaryPrompt } = options;
  const folder = createPrivateFolder();
  const copies = new Map<string, Promise<string>>();
  let baseLogits: Float32Array | undefined;

  function adapterNamed(name: string): CheckedAdapter {
    const found = adapters.find((adapter) => adapter.name === name);
    if (!found) throw new Error(`no adapter ${name}`);
    return found;
  }

  /** llama.cpp keeps adapters by path, so one copy serves every scale, and is read once. */
  function copyOf(adapter: CheckedAdapter): Promise<string> {
    let copy = copies.get(adapter.name);
    if (!copy) {
      copy = folder.copy(adapter.path, adapter.manifest.sha256);
      copies.set(adapter.name, copy);
      copy.catch(() => copies.delete(adapter.name));
    }
    return copy;
  }

  return {
    async createContext(key) {
      const settings = {
        ...options.contextOptions,
        // A context that is silently smaller than asked for would lose the beginning of prompts that should fit.
        failedCreationRemedy: false,
      } as const;
      if (key === "base") {
        try {
          return await model.createContext(settings);
        } catch (cause) {
          throw nativeError(runtime, model.filename ?? "model", "creating a context", cause);
        }
      }
      const adapter = adapterNamed(key.adapter);
      const filePath = await copyOf(adapter);
      try {
        const context = await model.createContext({
          ...settings,
          lora: { adapters: [{ filePath, scale: key.scale }] },
        });
        await rm(filePath, { force: true });
        return context;
      } catch (cause) {
        const error = nativeError(runtime, adapter.path, "loading the adapter", cause);
        if (!(error instanceof ModelError)) throw error;
        throw new AdapterError({
          code: "adapter_invalid",
          subject: adapter.path,
          reason: error.reason,
          nextStep: "Train or convert it again for this model",
          cause,
        });
      }
    },
    async examine(key, sequence) {
      if (adapters.length === 0) return;
      const logits = await readLogits(sequence, canaryPrompt);
      if (key === "base") {
        baseLogits = logits;
        return;
      }
      if (baseLogits) checkCanary(adapterNamed(key.adapter).path, baseLogits, logits);
    },
    dispose: () => folder.remove(),
  };
}
