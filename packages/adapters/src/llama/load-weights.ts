import { ModelError, throwIfAborted } from "@advisor/contracts";
import { POOLINGS, type Pooling } from "../gguf/architectures.ts";
import { type GgufFile, isUnchanged } from "../gguf/read-file.ts";
import { type LlamaModel, type LlamaRuntime, nativeError } from "./runtime.ts";

/** Below this size a layer's work takes less time than two threads need to meet. */
export const ONE_THREAD_PARAMETERS = 100e6;

export interface LoadWeightsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the share that is loaded, in [0, 1]. */
  readonly onProgress?: (done: number) => void;
  /** Stands in for what the file's header says. */
  readonly pooling?: { readonly architecture: string; readonly kind: Pooling };
}

/** Hands a file whose header was checked to llama.cpp, and makes sure that it is that very file which was loaded. */
export async function loadWeights(
  runtime: LlamaRuntime,
  file: GgufFile,
  { signal, onProgress, pooling }: LoadWeightsOptions,
): Promise<LlamaModel> {
  let model: LlamaModel;
  try {
    model = await runtime.llama.loadModel({
      modelPath: file.path,
      ...(onProgress && { onLoadProgress: onProgress }),
      ...(signal && { loadSignal: signal }),
      ...(pooling && {
        metadataOverrides: {
          [pooling.architecture]: { pooling_type: POOLINGS.indexOf(pooling.kind) },
        },
      }),
    });
  } catch (cause) {
    throwIfAborted(signal, file.path);
    throw nativeError(runtime, file.path, "loading the model", cause);
  }
  if (await isUnchanged(file)) return model;
  await model.dispose();
  throw new ModelError({
    code: "model_invalid",
    subject: file.path,
    reason: "the file changed while it was being loaded",
    nextStep: "Load it again once nothing writes to it",
  });
}
