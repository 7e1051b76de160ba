export { type GgufInspection, type GgufMetadata, inspectGguf } from "./gguf/inspect.ts";
export type { GgufTensor } from "./gguf/parse.ts";
export { type GgufContents, type GgufWriteTensor, type GgufWriteValue, writeGguf } from "./gguf/write.ts";
export { type Hardware, hardware } from "./hardware.ts";
export { loadModel } from "./load-model.ts";
export { type AddAdapterManifestOptions, addAdapterManifest } from "./lora/add-manifest.ts";
export { manifestPath } from "./lora/manifest.ts";
export { type AdapterInspection, type LoraPair, readAdapter } from "./lora/read-adapter.ts";
export type { LoadModelSettings } from "./settings.ts";
