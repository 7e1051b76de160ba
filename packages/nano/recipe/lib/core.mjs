// The product's own prompt, so that a model is scored on what it will be asked.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "./llama-cpp.mjs";

const built = (file) => import(pathToFileURL(join(packageFolder, "../core/dist", file)).href);

const quote = ({ text, n }) => `${text} [${n}]`;

/** -> `read(text, labels, form)`: what a reader sees of a text whose labels name sentences, `labels` by letter. */
export async function labelReading() {
  const [{ LabelReader, readWhole }, { SlotLabelReader }] = await Promise.all([
    built("prompt/labels.js"),
    built("grounding/slot-labels.js"),
  ]);
  return (text, labels, form) => {
    const known = labels instanceof Map ? labels : new Map(Object.entries(labels));
    const reader =
      form?.type === "json"
        ? new SlotLabelReader(known, quote, form.evidenceSlots)
        : new LabelReader(known, quote);
    return readWhole(reader, text);
  };
}

/** `layOut(question, passages)` -> chat messages; `read(text, passages)` -> what a reader sees of the model's text. */
export async function promptLayout(format) {
  const { layOutPrompt, layOutSources } = await built("prompt/layout.js");
  const readLabels = await labelReading();
  return {
    layOut: (question, passages) => layOutPrompt(format, { question, passages, history: [] }),
    read: (text, passages) =>
      format.sentenceLabels ? readLabels(text, layOutSources(format, passages).labels) : text,
  };
}
