export { type GgufInspection, type GgufMetadata, inspectGguf } from "./gguf/inspect.ts";
export type { GgufTensor } from "./gguf/parse.ts";
export { loadModel } from "./load-model.ts";
export type { LoadModelSettings } from "./settings.ts";
