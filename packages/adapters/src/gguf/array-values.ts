import type { GgufValue } from "./parse.ts";

/** The strings of an array value, as they are in the file. */
export function* arrayStrings(found: GgufValue | undefined): Generator<Buffer> {
  if (found?.type !== "array" || found.of !== "string") return;
  const { buffer, byteOffset, byteLength } = found.bytes;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  let offset = 0;
  for (let index = 0; index < found.length; index++) {
    const start = offset + 8;
    offset = start + Number(bytes.readBigUInt64LE(offset));
    yield bytes.subarray(start, offset);
  }
}

/** The strings of an array value, decoded. */
export function decodeStrings(found: GgufValue | undefined): string[] {
  return Array.from(arrayStrings(found), (bytes) => bytes.toString("utf8"));
}

/** The elements of an array of 32-bit integers, decoded. */
export function decodeInt32s(found: GgufValue | undefined): number[] {
  if (found?.type !== "array" || (found.of !== "int32" && found.of !== "uint32")) return [];
  const view = new DataView(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength);
  return Array.from({ length: found.length }, (_, index) => view.getInt32(index * 4, true));
}
