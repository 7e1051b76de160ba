import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { GgufFile } from "./read-file.ts";

/** Up to this much tensor data is hashed whole, which makes the fingerprint exact. */
const WHOLE_DATA_BYTES = 32 * 1024 * 1024;
/** Read from the start and the end of each tensor of a larger file. */
const TENSOR_SPAN_BYTES = 4096;
/** Read at even distances over the data of a larger file. */
const EVEN_SPANS = 64;
const EVEN_SPAN_BYTES = 64 * 1024;
const VERSION = "advisor gguf fingerprint 1\n";

type Span = readonly [start: number, end: number];

/** The parts of the file's data that go into its fingerprint, in order and without overlaps. */
function sampledSpans({ header }: GgufFile): readonly Span[] {
  const { dataOffset, dataEnd, tensors } = header;
  if (dataEnd - dataOffset <= WHOLE_DATA_BYTES) return [[dataOffset, dataEnd]];
  const spans: Span[] = tensors.flatMap(({ offset, bytes }): Span[] => {
    const end = offset + bytes;
    const length = Math.min(bytes, TENSOR_SPAN_BYTES);
    return [
      [offset, offset + length],
      [end - length, end],
    ];
  });
  const stride = (dataEnd - dataOffset) / EVEN_SPANS;
  for (let index = 0; index < EVEN_SPANS; index++) {
    const start = dataOffset + Math.floor(index * stride);
    spans.push([start, Math.min(start + EVEN_SPAN_BYTES, dataEnd)]);
  }
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const merged: [number, number][] = [];
  for (const [start, end] of spans) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/**
 * Identifies a GGUF: SHA-256 over its size, its whole header (metadata, vocabulary, tensor table) and its tensor data;
 * of data above 32 MiB, over the first and last 4 KiB of each tensor and 64 spans of 64 KiB at even distances.
 *
 * So it is exact for small files, and for large ones tells apart every other quantisation, fine-tune or truncation in
 * milliseconds. It is no defence against someone who forges a file on purpose: for that, name the expected `sha256`.
 */
export async function fingerprint(gguf: GgufFile): Promise<string> {
  const { header, start, size, path } = gguf;
  const hash = createHash("sha256")
    .update(VERSION)
    .update(`${size}\n`)
    .update(start.subarray(0, header.headerBytes));
  const file = await open(path, "r");
  try {
    for (const [from, to] of sampledSpans(gguf)) {
      if (to <= start.length) {
        hash.update(start.subarray(from, to));
        continue;
      }
      const buffer = Buffer.allocUnsafe(to - from);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

/** SHA-256 of a whole file, streamed. */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, {
    highWaterMark: 1024 * 1024,
    ...(signal && { signal }),
  })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}
