import type { ModelUse } from "./architectures.ts";
import { type BaseFacts, readBaseFacts } from "./base-facts.ts";
import { fingerprint } from "./fingerprint.ts";
import type { GgufTensor } from "./parse.ts";
import { type GgufFile, readGgufFile } from "./read-file.ts";

/** Metadata as plain data. Arrays are described, not listed: a vocabulary may hold 250,000 strings. */
export type GgufMetadata = Readonly<
  Record<string, string | number | bigint | boolean | { readonly of: string; readonly length: number }>
>;

/** A model's checked header. */
export interface GgufInspection extends BaseFacts {
  readonly path: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
  readonly version: 2 | 3;
  /** Identifies the exact file, see {@link fingerprint}. */
  readonly fingerprint: string;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
}

/**
 * Reads and checks a chat model's GGUF header, in TypeScript alone: no native code sees the file.
 * @throws ModelError `model_missing`, `model_invalid` or `model_unsupported`.
 */
export async function inspectGguf(path: string): Promise<GgufInspection> {
  return inspectFile(await readGgufFile(path, "model"));
}

/** {@link inspectGguf} of a file that is read already. */
export async function inspectFile(file: GgufFile, use: ModelUse = "chat"): Promise<GgufInspection> {
  const facts = readBaseFacts(file, use);
  return {
    ...facts,
    path: file.path,
    bytes: file.size,
    version: file.header.version,
    fingerprint: await fingerprint(file),
    metadata: Object.fromEntries(
      [...file.header.metadata].map(([key, found]) => [
        key,
        found.type === "array" ? { of: found.of, length: found.length } : found.value,
      ]),
    ),
    tensors: file.header.tensors,
  };
}
