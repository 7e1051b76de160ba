// Models in llama.cpp itself, for checks and scores: greedy writing, and how fast.
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const adaptersFolder = join(packageFolder, "../adapters");
const CONTEXT_TOKENS = 2048;
const START = "<|im_start|>";
const END = "<|im_end|>";

/** @advisor/adapters as built: the manifest that its loader will check. */
export const importAdapters = () => import(pathToFileURL(join(adaptersFolder, "dist/index.js")).href);

/** Opens a GGUF on the CPU. One thread by default: llama.cpp's threads wait for one another by spinning. */
export async function openModel(modelPath, { threads = 1 } = {}) {
  const { getLlama } = await import(
    pathToFileURL(createRequire(join(adaptersFolder, "package.json")).resolve("node-llama-cpp")).href
  );
  const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
  const model = await llama.loadModel({ modelPath });
  const open = async (lora, settings = {}) =>
    (
      await model.createContext({ contextSize: CONTEXT_TOKENS, threads, ...settings, ...(lora && { lora }) })
    ).getSequence();

  /** ChatML with the content as plain text, so that a mark inside a source stays text. */
  function tokenise(messages) {
    const mark = (text) => model.tokenize(text, true);
    const turns = messages.flatMap(({ role, content }) => [
      ...mark(START),
      ...model.tokenize(`${role}\n${content}`),
      ...mark(END),
      ...model.tokenize("\n"),
    ]);
    return [model.tokens.bos, ...turns, ...mark(START), ...model.tokenize("assistant\n")];
  }

  async function greedy(sequence, prompt, limit = 96) {
    await sequence.clearHistory();
    const written = [];
    for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
      written.push(token);
      if (model.isEogToken(token) || written.length === limit) break;
    }
    return written;
  }

  async function write(sequence, messages, limit) {
    const tokens = await greedy(sequence, tokenise(messages), limit);
    return model.detokenize(tokens.filter((token) => !model.isEogToken(token)));
  }

  /**
   * Tokens a second: reading a prompt of `length` pieces (best of four), then writing (median of the gaps between tokens,
   * so that a hiccup of the machine does not count).
   */
  async function speed(sequence, length = 1024, count = 64) {
    const pieces = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    let prompt = 0;
    const gaps = [];
    for (let run = 0; run < 4; run++) {
      await sequence.clearHistory();
      const tokens = Array.from({ length }, (_, i) => 300 + ((i * 7919 + run * 104729) % (pieces - 300)));
      let last = performance.now();
      let written = 0;
      for await (const _ of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
        const now = performance.now();
        if (written === 0) prompt = Math.max(prompt, (1000 * length) / (now - last));
        else gaps.push(now - last);
        last = now;
        if (++written > count) break;
      }
    }
    gaps.sort((a, b) => a - b);
    return { prompt: Math.round(prompt), decode: Math.round(1000 / gaps[gaps.length >> 1]) };
  }
  return { model, open, tokenise, greedy, write, speed, dispose: () => llama.dispose() };
}
