import { basename } from "node:path";
import {
  BadInputError,
  type Generator,
  type ModelInfo,
  parseInput,
  throwIfAborted,
} from "@advisor/contracts";
import { createGenerator } from "./generator.ts";
import { checkSha256 } from "./gguf/check-sha256.ts";
import { type GgufInspection, inspectFile } from "./gguf/inspect.ts";
import { readGgufFile } from "./gguf/read-file.ts";
import { createAdapterPool } from "./llama/adapter-pool.ts";
import { loadWeights, ONE_THREAD_PARAMETERS } from "./llama/load-weights.ts";
import { loadRuntime } from "./llama/runtime.ts";
import { createAdapterContexts } from "./lora/adapter-contexts.ts";
import { CANARY_MESSAGES } from "./lora/canary.ts";
import { type CheckedAdapter, checkAdapter } from "./lora/manifest.ts";
import { compileChatTemplate } from "./prompt/chat-template.ts";
import { readSpecialTokens } from "./prompt/special-tokens.ts";
import { createPromptTokenizer } from "./prompt/tokenize.ts";
import { type LoadModelSettings, loadModelSettingsSchema } from "./settings.ts";

const DEFAULT_MAX_CONTEXT = 8192;
/** One: in a batch with others llama.cpp rounds differently, and a greedy text can part where two tokens are nearly alike. */
const DEFAULT_CONCURRENCY = 1;

/**
 * Loads a chat model and its adapters. Every file is checked in TypeScript before native code sees it.
 *
 * @throws ModelError when the file is missing, invalid, not the expected one, or of a kind that cannot chat.
 * @throws AdapterError when an adapter is missing, broken, without manifest, or made for another base.
 * @throws OutOfMemoryError when the model or its context does not fit.
 */
export async function loadModel(settings: LoadModelSettings): Promise<Generator> {
  const parsed = parseInput(loadModelSettingsSchema, settings, "loadModel settings", "invalid_setting");
  const { path, signal, onProgress } = parsed;
  throwIfAborted(signal, path);
  // The native library starts while the file is checked; neither needs the other yet.
  const starting = loadRuntime(parsed.gpu);
  starting.catch(() => {});

  const file = await readGgufFile(path, "model");
  const facts = await inspectFile(file);
  if (parsed.sha256) await checkSha256(file, parsed.sha256, signal);
  const checked = await checkAdapters(parsed.adapters, facts);
  const contextLength = contextLengthOf(facts, parsed.contextLength);
  const runtime = await starting;
  throwIfAborted(signal, path);

  const model = await loadWeights(runtime, file, {
    signal,
    onProgress: (done) =>
      onProgress?.({
        stage: "load model",
        done: Math.round(done * 100),
        total: 100,
        unit: "percent",
        subject: path,
      }),
  });
  try {
    const concurrency = parsed.concurrency ?? DEFAULT_CONCURRENCY;
    const threads =
      parsed.threads ?? (facts.parameters < ONE_THREAD_PARAMETERS ? 1 : runtime.llama.cpuMathCores);
    const info: ModelInfo = {
      name: parsed.name ?? facts.name ?? basename(path),
      architecture: facts.architecture,
      quantization: facts.quantization,
      parameters: facts.parameters,
      contextLength,
      fingerprint: facts.fingerprint,
      chatTemplateSha256: facts.base.chatTemplateSha256,
      tokenizerSha256: facts.base.tokenizerSha256,
      device: runtime.llama.gpu || "cpu",
    };
    const template = compileChatTemplate({
      modelName: info.name,
      template: facts.chatTemplate,
      bosText: model.tokens.bosString ?? "",
      eosText: model.tokens.eosString ?? "",
    });
    const tokenizer = createPromptTokenizer(model, readSpecialTokens(file.header, model), {
      afterReply: template.afterReply,
      templateText: facts.chatTemplate ?? "",
    });
    const adapters = createAdapterContexts({
      runtime,
      model,
      adapters: checked,
      contextOptions: { contextSize: contextLength, sequences: concurrency, threads },
      canaryPrompt: tokenizer.tokenize(template.render(CANARY_MESSAGES)).tokens,
    });
    const pool = createAdapterPool({ maxAdapterContexts: parsed.maxAdapterContexts, ...adapters });
    // The base's context is made now, so that lack of memory shows here and not at the first question.
    await (await pool.acquire("base", signal)).release();
    return createGenerator({
      info,
      runtime,
      model,
      template,
      tokenizer,
      pool,
      adapters: checked.map(({ name, manifest, warnings }) => ({ name, manifest, warnings })),
      disposeParts: async () => {
        await model.dispose();
        await adapters.dispose();
      },
    });
  } catch (cause) {
    await model.dispose();
    throw cause;
  }
}

/** All adapters, each against the base; two of one name are refused, since requests name them. */
async function checkAdapters(
  paths: readonly string[],
  base: GgufInspection,
): Promise<readonly CheckedAdapter[]> {
  const today = new Date();
  const checked: CheckedAdapter[] = [];
  for (const path of paths) {
    const adapter = await checkAdapter(path, base, today);
    const twin = checked.find(({ name }) => name === adapter.name);
    if (twin) {
      throw new BadInputError({
        code: "invalid_setting",
        subject: path,
        reason: `its manifest names it ${adapter.name}, as that of ${twin.path}`,
        nextStep: "Give one of them another name, or leave one out",
      });
    }
    checked.push(adapter);
  }
  return checked;
}

function contextLengthOf(facts: GgufInspection, asked: number | undefined): number {
  if (asked === undefined) return Math.min(facts.contextLength, DEFAULT_MAX_CONTEXT);
  if (asked <= facts.contextLength) return asked;
  throw new BadInputError({
    code: "invalid_setting",
    subject: "loadModel settings, contextLength",
    reason: `it is ${asked}, and the model was trained for ${facts.contextLength} tokens`,
    nextStep: "Correct it and call again",
  });
}
