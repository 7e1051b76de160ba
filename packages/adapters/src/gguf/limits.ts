/**
 * Limits on untrusted GGUF files. Each stands well above what real models need and far below what would exhaust memory
 * or overflow native arithmetic (CWE-190 integer overflow, CWE-770 allocation without limits).
 */

/** Header: metadata, vocabulary and tensor table. The largest known vocabularies (262,144 entries) need about 20 MiB. */
export const MAX_HEADER_BYTES = 256 * 1024 * 1024;
/** Metadata entries. Real models have under 100. */
export const MAX_METADATA_ENTRIES = 65_536;
/** Tensors. Mixture-of-experts models with split experts reach about 50,000. */
export const MAX_TENSORS = 131_072;
/** Bytes of a metadata key: the GGUF specification's own limit. */
export const MAX_KEY_BYTES = 65_535;
/** Bytes of one string value. The longest real ones are chat templates and licences, under 1 MiB. */
export const MAX_STRING_BYTES = 16 * 1024 * 1024;
/** Elements of one array. The largest real ones are merges, under a million. */
export const MAX_ARRAY_ELEMENTS = 16 * 1024 * 1024;
/** Bytes of a tensor name, terminator apart: ggml keeps names in 64 bytes (`GGML_MAX_NAME`) and rejects longer ones. */
export const MAX_TENSOR_NAME_BYTES = 63;
/** Dimensions of a tensor (`GGML_MAX_DIMS`). */
export const MAX_TENSOR_DIMENSIONS = 4;
/** Alignment of tensor data. 32 is usual; larger than a huge page makes no sense. */
export const MAX_ALIGNMENT = 2 * 1024 * 1024;
/** llama.cpp keeps layers in fixed arrays of this length (`LLAMA_MAX_LAYERS`) and aborts the process beyond it. */
export const MAX_LAYERS = 512;
/** Experts of a layer (`LLAMA_MAX_EXPERTS`), for the same reason. */
export const MAX_EXPERTS = 512;
