import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nanoEmbedder } from "@advisor/nano";

/**
 * Writes a whole cross-encoder in a few hundred bytes: its one logit is the number of pairs of equal tokens, one from the
 * question and one from the passage. A second label, when asked for, is that number negated and put first.
 */
export async function makeCrossEncoder(folder: string, labels: 1 | 2 | 3 = 1): Promise<void> {
  const nano = (await nanoEmbedder()).folder;
  await mkdir(join(folder, "onnx"), { recursive: true });
  await cp(join(nano, "tokenizer_config.json"), join(folder, "tokenizer_config.json"));
  const tokenizer = JSON.parse(await readFile(join(nano, "tokenizer.json"), "utf8"));
  const special = (name: string) => ({ id: name, ids: [tokenizer.model.vocab[name]], tokens: [name] });
  const around = (name: string, type_id: number) => ({ SpecialToken: { id: name, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  // As BERT's: the embedder needs none.
  const single = [around("[CLS]", 0), sequence("A", 0), around("[SEP]", 0)];
  tokenizer.post_processor = {
    type: "TemplateProcessing",
    single,
    pair: [...single, sequence("B", 1), around("[SEP]", 1)],
    special_tokens: { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
  };
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  const config = {
    model_type: "bert",
    architectures: ["BertForSequenceClassification"],
    max_position_embeddings: 512,
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "onnx", "model.onnx"), modelProto(labels));
}

/** Field numbers are those of onnx.proto3, ONNX 1.16. */
const FLOAT = 1;
const INT64 = 7;

function modelProto(labels: number): Buffer {
  const nodes = [
    node("Unsqueeze", ["input_ids", "axis2"], "rows"),
    node("Unsqueeze", ["input_ids", "axis1"], "columns"),
    node("Equal", ["rows", "columns"], "same"),
    node("Cast", ["same"], "sameFloat", [attribute("to", FLOAT)]),
    node("Mul", ["attention_mask", "token_type_ids"], "passage"),
    node("Sub", ["attention_mask", "passage"], "question"),
    node("Cast", ["passage"], "passageFloat", [attribute("to", FLOAT)]),
    node("Cast", ["question"], "questionFloat", [attribute("to", FLOAT)]),
    node("Unsqueeze", ["questionFloat", "axis2"], "asked"),
    node("Unsqueeze", ["passageFloat", "axis1"], "read"),
    node("Mul", ["sameFloat", "asked"], "ofQuestion"),
    node("Mul", ["ofQuestion", "read"], "ofBoth"),
    node("ReduceSum", ["ofBoth", "axes12"], "sum", [attribute("keepdims", 0)]),
    node("Unsqueeze", ["sum", "axis1"], "count"),
    node("Neg", ["count"], "less"),
    node("Concat", { 1: ["count"], 2: ["less", "count"] }[labels] ?? ["less", "less", "count"], "logits", [
      attribute("axis", 1),
    ]),
  ];
  const inputs = ["input_ids", "attention_mask", "token_type_ids"].map((name) =>
    valueInfo(name, INT64, ["b", "s"]),
  );
  const graph = [
    ...nodes.map((each) => bytes(1, each)),
    text(2, "pairs"),
    ...[initializer("axis1", [1]), initializer("axis2", [2]), initializer("axes12", [1, 2])].map((each) =>
      bytes(5, each),
    ),
    ...inputs.map((each) => bytes(11, each)),
    bytes(12, valueInfo("logits", FLOAT, ["b", "n"])),
  ];
  return Buffer.concat([
    integer(1, 8),
    bytes(8, Buffer.concat([text(1, ""), integer(2, 13)])),
    bytes(7, Buffer.concat(graph)),
  ]);
}

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Buffer[] = [],
): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(4, type),
    ...attributes.map((each) => bytes(5, each)),
  ]);
}

const attribute = (name: string, value: number) =>
  Buffer.concat([text(1, name), integer(3, value), integer(20, 2)]);

function initializer(name: string, values: readonly number[]): Buffer {
  const raw = Buffer.from(BigInt64Array.from(values, BigInt).buffer);
  return Buffer.concat([integer(1, values.length), integer(2, INT64), text(8, name), bytes(9, raw)]);
}

function valueInfo(name: string, type: number, dims: readonly string[]): Buffer {
  const shape = Buffer.concat(dims.map((dim) => bytes(1, text(2, dim))));
  const tensor = Buffer.concat([integer(1, type), bytes(2, shape)]);
  return Buffer.concat([text(1, name), bytes(2, bytes(1, tensor))]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return Buffer.from([...out, rest]);
}

const integer = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, value: Buffer) =>
  Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
const text = (field: number, value: string) => bytes(field, Buffer.from(value));
