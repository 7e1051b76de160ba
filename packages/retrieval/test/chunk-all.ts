import type { Block } from "../src/chunk/blocks.ts";
import { type ChunkSettings, type ChunkSpan, chunkSteps } from "../src/chunk/chunker.ts";

/** All chunks of a document at once. */
export function chunkAll(text: string, blocks: readonly Block[], settings: ChunkSettings): ChunkSpan[] {
  return [...chunkSteps(text, blocks, settings)].filter((step) => step !== undefined);
}
