// The product's own prompt, so that a model is scored on what it will be asked.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "./llama-cpp.mjs";

const built = (file) => import(pathToFileURL(join(packageFolder, "../core/dist/prompt", file)).href);

/** What a reader sees of a text with labels. `labels`: the number of its source by label; `citation`: how one is written, or none. */
export async function labelReading() {
  const { LabelReader } = await built("labels.js");
  return (text, labels, citation) =>
    new LabelReader(new Map(Object.entries(labels)), citation).readWhole(text);
}

/** `layOut(question, passages)` -> chat messages; `read(text, passages)` -> what a reader sees of the model's text. */
export async function promptLayout(format) {
  const [{ layOutPrompt, layOutSources }, { LabelReader }] = await Promise.all([
    built("layout.js"),
    built("labels.js"),
  ]);
  return {
    layOut: (question, passages) => layOutPrompt(format, { question, passages, history: [] }),
    read: (text, passages) =>
      format.sentenceLabels
        ? new LabelReader(layOutSources(format, passages).labels, (n) => `[${n}]`).readWhole(text)
        : text,
  };
}
