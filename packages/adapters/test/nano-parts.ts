import type { GenerateRequest, GenerateResult, Generator, Message } from "@advisor/contracts";
import { readGgufFile } from "../src/gguf/read-file.ts";
import { type LlamaModel, type LlamaRuntime, loadRuntime } from "../src/llama/runtime.ts";
import { type ChatTemplate, compileChatTemplate } from "../src/prompt/chat-template.ts";
import { readSpecialTokens } from "../src/prompt/special-tokens.ts";
import { createPromptTokenizer, type PromptTokenizer } from "../src/prompt/tokenize.ts";
import { NANO_PATH, NANO_QUESTION } from "./nano.ts";
import { nanoFacts } from "./nano-facts.ts";

/** Nano through the bare library, with this package's prompt parts, to hold a generator against. */
export interface NanoParts {
  readonly runtime: LlamaRuntime;
  readonly model: LlamaModel;
  readonly template: ChatTemplate;
  readonly tokenizer: PromptTokenizer;
}

export async function openNanoParts(): Promise<NanoParts> {
  const { chatTemplate } = await nanoFacts();
  const runtime = await loadRuntime(false);
  const model = await runtime.llama.loadModel({ modelPath: NANO_PATH });
  const template = compileChatTemplate({
    modelName: "nano",
    template: chatTemplate,
    bosText: "<s>",
    eosText: "<|im_end|>",
  });
  const marks = readSpecialTokens((await readGgufFile(NANO_PATH, "model")).header, model);
  const tokenizer = createPromptTokenizer(model, marks, {
    afterReply: template.afterReply,
    templateText: chatTemplate ?? "",
  });
  return { runtime, model, template, tokenizer };
}

/** The result of one request, by default nano's question. */
export async function answer(
  generator: Generator,
  request: Partial<GenerateRequest> = {},
): Promise<GenerateResult> {
  for await (const event of generator.generate({ messages: NANO_QUESTION, maxTokens: 40, ...request })) {
    if (event.type === "done") return event.result;
  }
  throw new Error("no done event");
}

export const user = (content: string): readonly Message[] => [{ role: "user", content }];
