import { createModelFolder } from "./model-folder.ts";

/** `models/` of the installed package: one level above both `src` and `dist`. */
const folder = createModelFolder(new URL("../models/", import.meta.url));

/**
 * The embedded chat model: its GGUF and its card.
 *
 * The file is checked against the card's size and SHA-256 once a process.
 * @throws ModelError `model_missing`, `model_invalid` (the card) or `model_untrusted` (the file is not the card's).
 */
export const nanoChatModel = folder.chatModel;

/**
 * The embedded sentence embedder: the folder to hand to transformers.js, and its card.
 *
 * Its ONNX file is checked against the card's size and SHA-256 once a process.
 * @throws ModelError as {@link nanoChatModel}.
 */
export const nanoEmbedder = folder.embedder;

/**
 * The LoRA adapters made for {@link nanoChatModel}, by name, each with its manifest beside it. Whoever loads one checks
 * it against that manifest.
 * @throws ModelError `model_missing` when an adapter has no manifest.
 */
export const nanoAdapters = folder.adapters;
