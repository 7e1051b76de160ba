export type { NanoAdapter, NanoChatModel, NanoEmbedder } from "./model-folder.ts";
export { nanoAdapters, nanoChatModel, nanoEmbedder } from "./package-models.ts";
