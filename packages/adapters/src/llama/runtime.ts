import { AdvisorError, ModelError, OutOfMemoryError } from "@advisor/contracts";
import type { Llama } from "node-llama-cpp";

/** The native library, loaded once for a process and GPU setting. Everything else gets its parts from here. */
export interface LlamaRuntime {
  readonly llama: Llama;
  /** A grammar's state for one answer. */
  readonly createGrammarState: typeof createGrammarState;
  /** The native library's words since the last call, for the `reason` of an error. */
  takeNativeErrors(): string;
}

export type GpuSetting = "auto" | false;

const runtimes = new Map<GpuSetting, Promise<LlamaRuntime>>();

/** Native error lines kept for an error's reason; the last ones say what went wrong. */
const KEPT_NATIVE_ERRORS = 8;

/** The native library's module, not started yet. */
export function importLibrary() {
  return import("node-llama-cpp");
}

/**
 * Loads llama.cpp from the binaries that came with the package: nothing is built, downloaded or printed. Calls share
 * one instance, which lives as long as the process and does not keep it alive.
 */
export function loadRuntime(gpu: GpuSetting): Promise<LlamaRuntime> {
  let runtime = runtimes.get(gpu);
  if (!runtime) {
    runtime = shareOrStart(gpu);
    runtimes.set(gpu, runtime);
    // A failed start is not remembered, so that a later call can try again.
    runtime.catch(() => runtimes.delete(gpu));
  }
  return runtime;
}

/**
 * Without a GPU both settings mean the CPU and share one instance: a second one of the same binary would take the first
 * one's log away, so that errors lose their reason and are printed instead.
 */
async function shareOrStart(gpu: GpuSetting): Promise<LlamaRuntime> {
  const other = await runtimes.get(gpu === false ? "auto" : false)?.catch(() => undefined);
  if (other?.llama.gpu === false && (gpu === false || !(await hasGpu()))) return other;
  return startRuntime(gpu);
}

async function hasGpu(): Promise<boolean> {
  const { getLlamaGpuTypes } = await importLibrary();
  return (await getLlamaGpuTypes("supported")).some((type) => type !== false);
}

async function startRuntime(gpu: GpuSetting): Promise<LlamaRuntime> {
  const library = await importLibrary();
  const errors: string[] = [];
  let llama: Llama;
  try {
    llama = await library.getLlama({
      build: "never",
      skipDownload: true,
      progressLogs: false,
      gpu,
      // Errors go into the reason of what is thrown; nothing goes to the console.
      logLevel: library.LlamaLogLevel.error,
      logger: (_level, message) => {
        errors.push(message.trim());
        if (errors.length > KEPT_NATIVE_ERRORS) errors.shift();
      },
    });
  } catch (cause) {
    throw new ModelError({
      code: "model_failed",
      subject: "llama.cpp",
      reason: `it has no binary that runs on this machine (${process.platform} ${process.arch})`,
      nextStep: "Install the optional @node-llama-cpp package of this platform",
      cause,
    });
  }
  // The library's own floor of four threads makes two cores wait for each other.
  llama.maxThreads = Math.max(1, llama.cpuMathCores);
  return {
    llama,
    createGrammarState,
    takeNativeErrors: () => errors.splice(0).join("; "),
  };
}

async function createGrammarState(runtime: LlamaRuntime, model: LlamaModel, grammar: string) {
  const { LlamaGrammarEvaluationState } = await importLibrary();
  return new LlamaGrammarEvaluationState({ model, grammar: await runtime.llama.createGrammar({ grammar }) });
}

const OUT_OF_MEMORY =
  /insufficient ?memory|out of memory|bad_alloc|failed to allocate|unable to allocate|too large for the available/i;

/** Turns whatever the native side threw into an error of the family; errors of the family pass. */
export function nativeError(
  runtime: LlamaRuntime,
  subject: string,
  doing: string,
  cause: unknown,
): AdvisorError {
  if (AdvisorError.isInstance(cause)) return cause;
  const said = runtime.takeNativeErrors();
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = `${doing} failed: ${said || message}`;
  if (OUT_OF_MEMORY.test(`${message} ${said} ${cause instanceof Error ? cause.name : ""}`)) {
    return new OutOfMemoryError({
      code: "out_of_memory",
      subject,
      reason,
      nextStep: "Close other programs, or use a smaller contextLength, concurrency or model",
      cause,
    });
  }
  const unknown = /unknown model architecture/.test(said);
  return new ModelError({
    code: unknown ? "model_unsupported" : "model_failed",
    subject,
    reason,
    nextStep: unknown ? "Use a model that this version of llama.cpp knows" : "Try another GGUF of this model",
    cause,
  });
}

type LlamaModel = Awaited<ReturnType<Llama["loadModel"]>>;

export type {
  LlamaContext,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaGrammarEvaluationState,
  Token,
} from "node-llama-cpp";
export type { LlamaModel };
