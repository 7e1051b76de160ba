import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ChatModelCard,
  chatModelCardSchema,
  type EmbedderCard,
  embedderCardSchema,
  ModelError,
} from "@advisor/contracts";
import { readCard } from "./read-card.ts";
import { requireFile, verifyFile } from "./verified-file.ts";

/** The two cards an advisor's defaults are read from. Everything else about a model stands in its card. */
const CHAT_CARD = "nano-base.card.json";
const EMBEDDER_CARD = "nano-embed.card.json";
const ADAPTERS = "adapters";
const ADAPTER_SUFFIX = ".gguf";
/** Where transformers.js looks for an embedder's files, relative to its folder. */
const EMBEDDER_WEIGHTS = join("onnx", "model.onnx");
const EMBEDDER_FILES = ["config.json", "tokenizer.json", "tokenizer_config.json"];

/** The embedded chat model, its bytes checked against its card. */
export interface NanoChatModel {
  /** Absolute path of the GGUF. */
  readonly path: string;
  readonly card: ChatModelCard;
}

/** The embedded sentence embedder, its bytes checked against its card. */
export interface NanoEmbedder {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly card: EmbedderCard;
}

/** An embedded LoRA adapter. */
export interface NanoAdapter {
  readonly name: string;
  /** Absolute path of the LoRA GGUF; `<name>.manifest.json` stands beside it. */
  readonly path: string;
}

/** Typed access to a folder of models, cards and adapters. */
export interface ModelFolder {
  chatModel(): Promise<NanoChatModel>;
  embedder(): Promise<NanoEmbedder>;
  adapters(): Promise<readonly NanoAdapter[]>;
}

/** Opens a folder of models. Nothing is read before the first call; a success is remembered, a failure is not. */
export function createModelFolder(location: URL): ModelFolder {
  const root = fileURLToPath(location);
  return {
    chatModel: once(async () => {
      const card = await readCard(join(root, CHAT_CARD), chatModelCardSchema);
      const path = join(root, card.file);
      await verifyFile(path, card);
      return { path, card };
    }),
    embedder: once(async () => {
      const card = await readCard(join(root, EMBEDDER_CARD), embedderCardSchema);
      const folder = join(root, card.file);
      await Promise.all([
        verifyFile(join(folder, EMBEDDER_WEIGHTS), card),
        ...EMBEDDER_FILES.map((file) => {
          const sha256 = card.files?.[file];
          return sha256 ? verifyFile(join(folder, file), { sha256 }) : requireFile(join(folder, file));
        }),
      ]);
      return { folder, card };
    }),
    adapters: () => listAdapters(join(root, ADAPTERS)),
  };
}

async function listAdapters(folder: string): Promise<readonly NanoAdapter[]> {
  const entries = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new ModelError({
      code: "model_missing",
      subject: folder,
      reason: `cannot be read (${cause.code})`,
      nextStep: "Install @advisor/nano again",
      cause,
    });
  });
  const files = entries.filter((entry) => entry.endsWith(ADAPTER_SUFFIX)).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = basename(file, ADAPTER_SUFFIX);
      await requireFile(join(folder, `${name}.manifest.json`));
      return { name, path: join(folder, file) };
    }),
  );
}

/** Runs the work on first use and shares its result. After a failure the next call tries again. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
