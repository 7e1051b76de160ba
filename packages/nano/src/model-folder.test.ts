import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ModelError, type ModelErrorCode } from "@advisor/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createModelFolder, type ModelFolder } from "./model-folder.ts";

const WEIGHTS = Buffer.from("weights of a model");
const common = {
  license: "Apache-2.0",
  data: "made up",
  limits: ["knows nothing"],
  sha256: createHash("sha256").update(WEIGHTS).digest("hex"),
  bytes: WEIGHTS.length,
};
const chatCard = {
  ...common,
  kind: "chat",
  name: "other-base",
  file: "other-base.gguf",
  contextLength: 64,
  reliablePromptTokens: 32,
  grounding: "cited",
  prompt: {
    system: "s",
    systemWithoutSources: "s",
    sourceHeader: "{n}",
    sentenceSeparator: null,
    question: "{question}",
    questionWithoutSources: "{question}",
    citation: "[{n}]",
    refusal: "no",
  },
  evidence: { lexicalWeight: 1, embeddingWeight: 1, likelihoodWeight: 0, refusalThreshold: 0 },
};
const embedderCard = {
  ...common,
  kind: "embedder",
  name: "other-embed",
  file: "other-embed",
  dimensions: 8,
  maxTokens: 16,
  vectorWeight: 0.5,
};

let root: string;
let models: ModelFolder;
const path = (...names: string[]) => join(root, ...names);

async function put(name: string, content: string | Buffer): Promise<void> {
  await mkdir(join(path(name), ".."), { recursive: true });
  await writeFile(path(name), content);
}

async function failure(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.then(
    () => expect.fail("it should have been refused"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ModelError);
  return error as ModelError;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "nano-models-"));
  await put("nano-base.card.json", JSON.stringify(chatCard));
  await put("other-base.gguf", WEIGHTS);
  await put("nano-embed.card.json", JSON.stringify(embedderCard));
  await put("other-embed/onnx/model.onnx", WEIGHTS);
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    await put(`other-embed/${file}`, "{}");
  }
  models = createModelFolder(pathToFileURL(`${root}/`));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("a folder of models", () => {
  it("follows its cards to the files, whatever their names", async () => {
    const chat = await models.chatModel();
    expect(chat.path).toBe(path("other-base.gguf"));
    expect(chat.card).toEqual(chatCard);
    const embedder = await models.embedder();
    expect(embedder.folder).toBe(path("other-embed"));
    expect(embedder.card).toEqual(embedderCard);
  });

  it("checks an embedder's other files by the hashes that its card names", async () => {
    const sha256 = createHash("sha256").update("{}").digest("hex");
    await put(
      "nano-embed.card.json",
      JSON.stringify({ ...embedderCard, files: { "tokenizer.json": sha256 } }),
    );
    await models.embedder();
    await put("other-embed/tokenizer.json", "{ }");
    const error = await failure(createModelFolder(pathToFileURL(`${root}/`)).embedder());
    expect(error).toMatchObject({ code: "model_untrusted", subject: path("other-embed/tokenizer.json") });
  });

  it("checks a file once a process, and again after a failure", async () => {
    await rm(path("other-base.gguf"));
    await failure(models.chatModel());
    await put("other-base.gguf", WEIGHTS);
    const first = await models.chatModel();
    await rm(path("other-base.gguf"));
    expect(await models.chatModel()).toBe(first);
  });

  it("checks one file for callers that come together", async () => {
    const [first, second] = await Promise.all([models.embedder(), models.embedder()]);
    expect(first).toBe(second);
  });

  it.each<[string, () => Promise<unknown>, ModelErrorCode, RegExp]>([
    ["no weights", () => rm(path("other-base.gguf")), "model_missing", /is not there/],
    ["weights cut short", () => truncate(path("other-base.gguf"), 5), "model_untrusted", /holds 5 bytes/],
    [
      "one byte changed",
      () => writeFile(path("other-base.gguf"), Buffer.from("Weights of a model")),
      "model_untrusted",
      /SHA-256/,
    ],
    ["empty weights", () => truncate(path("other-base.gguf"), 0), "model_untrusted", /holds 0 bytes/],
    [
      "a folder for weights",
      async () => {
        await rm(path("other-base.gguf"));
        await put("other-base.gguf/file", "");
      },
      "model_missing",
      /not a file/,
    ],
  ])("refuses %s, naming the file and the next step", async (_, harm, code, reason) => {
    await harm();
    const error = await failure(models.chatModel());
    expect(error).toMatchObject({ code, subject: path("other-base.gguf") });
    expect(error.reason).toMatch(reason);
    expect(error.nextStep).not.toBe("");
  });

  it.each<[string, () => Promise<unknown>, ModelErrorCode, RegExp]>([
    ["no card", () => rm(path("nano-base.card.json")), "model_missing", /cannot be read/],
    ["a card that is no JSON", () => put("nano-base.card.json", "{"), "model_invalid", /not JSON/],
    [
      "a card of another kind",
      () => put("nano-base.card.json", JSON.stringify(embedderCard)),
      "model_invalid",
      /kind/,
    ],
    [
      "a card with an unknown field",
      () => put("nano-base.card.json", JSON.stringify({ ...chatCard, temperature: 1 })),
      "model_invalid",
      /temperature/,
    ],
    [
      "a card with a wrong field",
      () =>
        put(
          "nano-base.card.json",
          JSON.stringify({ ...chatCard, prompt: { ...chatCard.prompt, refusal: "" } }),
        ),
      "model_invalid",
      /prompt\.refusal/,
    ],
  ])("refuses %s", async (_, harm, code, reason) => {
    await harm();
    const error = await failure(models.chatModel());
    expect(error).toMatchObject({ code, subject: path("nano-base.card.json") });
    expect(error.reason).toMatch(reason);
  });

  it("refuses an embedder with changed weights or without its tokenizer", async () => {
    await writeFile(path("other-embed/onnx/model.onnx"), Buffer.from("Weights of a model"));
    expect(await failure(models.embedder())).toMatchObject({
      code: "model_untrusted",
      subject: path("other-embed", "onnx", "model.onnx"),
    });
    await put("other-embed/onnx/model.onnx", WEIGHTS);
    await rm(path("other-embed/tokenizer.json"));
    expect(await failure(models.embedder())).toMatchObject({
      code: "model_missing",
      subject: path("other-embed", "tokenizer.json"),
    });
  });

  it("lists adapters by name, and none when there is no folder of them", async () => {
    expect(await models.adapters()).toEqual([]);
    await put("adapters/warm-voice.gguf", "");
    await put("adapters/warm-voice.manifest.json", "{}");
    await put("adapters/brief-voice.gguf", "");
    await put("adapters/brief-voice.manifest.json", "{}");
    await put("adapters/notes.txt", "");
    expect(await models.adapters()).toEqual([
      { name: "brief-voice", path: path("adapters", "brief-voice.gguf") },
      { name: "warm-voice", path: path("adapters", "warm-voice.gguf") },
    ]);
  });

  it("refuses an adapter without a manifest", async () => {
    await put("adapters/warm-voice.gguf", "");
    expect(await failure(models.adapters())).toMatchObject({
      code: "model_missing",
      subject: path("adapters", "warm-voice.manifest.json"),
    });
  });
});

describe("the package's own models", () => {
  it("work from a copy of the package at a path with spaces", async () => {
    const copy = path("a copy of", "nano");
    await cp(new URL("../models/", import.meta.url), join(copy, "models"), { recursive: true });
    const copied = createModelFolder(pathToFileURL(join(copy, "models/")));
    const { path: model, card } = await copied.chatModel();
    expect(model).toBe(join(copy, "models", card.file));
    const head = (await readFile(model)).subarray(0, 4).toString("latin1");
    expect(head).toBe("GGUF");
  });
});
