import { Cursor, GgufFormatError } from "./cursor.ts";
import { GGML_TYPES, type GgmlType } from "./ggml-types.ts";
import {
  MAX_ALIGNMENT,
  MAX_ARRAY_ELEMENTS,
  MAX_KEY_BYTES,
  MAX_METADATA_ENTRIES,
  MAX_STRING_BYTES,
  MAX_TENSOR_DIMENSIONS,
  MAX_TENSOR_NAME_BYTES,
  MAX_TENSORS,
} from "./limits.ts";

/** The value types of the format, by their number in the file. */
export type GgufScalarType =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "float32"
  | "bool"
  | "string"
  | "uint64"
  | "int64"
  | "float64";

/** A metadata value. Arrays stay as bytes until they are asked for, since a vocabulary may hold 250,000 strings. */
export type GgufValue =
  | { readonly type: "string"; readonly value: string; readonly bytes: Uint8Array }
  | { readonly type: "bool"; readonly value: boolean; readonly bytes: Uint8Array }
  | { readonly type: "uint64" | "int64"; readonly value: bigint; readonly bytes: Uint8Array }
  | {
      readonly type: Exclude<GgufScalarType, "string" | "bool" | "uint64" | "int64">;
      readonly value: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: "array";
      readonly of: GgufScalarType;
      readonly length: number;
      /** The elements as in the file. */
      readonly bytes: Uint8Array;
    };

/** A tensor as the file's table names it. */
export interface GgufTensor {
  readonly name: string;
  /** Fastest-varying dimension first, as ggml counts. */
  readonly shape: readonly number[];
  readonly type: GgmlType;
  readonly elements: number;
  /** From the start of the file, in bytes. */
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly version: 2 | 3;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  readonly alignment: number;
  /** Bytes of magic, metadata and tensor table, padding apart. */
  readonly headerBytes: number;
  /** Where tensor data starts, in bytes from the start of the file. */
  readonly dataOffset: number;
  /** Where the last tensor ends. The file may be longer by padding; it is never shorter. */
  readonly dataEnd: number;
}

const SCALARS: readonly (readonly [GgufScalarType | "array", number])[] = [
  ["uint8", 1],
  ["int8", 1],
  ["uint16", 2],
  ["int16", 2],
  ["uint32", 4],
  ["int32", 4],
  ["float32", 4],
  ["bool", 1],
  ["string", 0],
  ["array", 0],
  ["uint64", 8],
  ["int64", 8],
  ["float64", 8],
];

const MAGIC = 0x46554747; // "GGUF", little-endian
const DEFAULT_ALIGNMENT = 32;
const SMALLEST_KEY_VALUE = 8 + 4 + 1;
const SMALLEST_TENSOR = 8 + 4 + 8 + 4 + 8;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const looseUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function name(cursor: Cursor, limit: number, what: string): string {
  const bytes = cursor.raw(cursor.count(limit, `the length of ${what}`), what);
  // Native code reads names as C strings, so one with a NUL would mean another name there than here.
  if (bytes.length === 0 || bytes.includes(0)) throw new GgufFormatError(`${what} is empty or holds a NUL`);
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new GgufFormatError(`${what} is not UTF-8`);
  }
}

function scalarType(number: number, what: string): readonly [GgufScalarType | "array", number] {
  const found = SCALARS[number];
  if (!found) throw new GgufFormatError(`${what} has the unknown value type ${number}`);
  return found;
}

function value(cursor: Cursor, what: string): GgufValue {
  const [type, size] = scalarType(cursor.u32(`the type of ${what}`), what);
  if (type === "array") return array(cursor, what);
  if (type === "string") {
    const bytes = cursor.raw(cursor.count(MAX_STRING_BYTES, `the length of ${what}`), what);
    return { type, value: looseUtf8.decode(bytes), bytes };
  }
  const start = cursor.take(size, what);
  return scalar(cursor.view(start, size), type, cursor.slice(start, start + size), what);
}

function scalar(
  view: DataView,
  type: Exclude<GgufScalarType, "string">,
  bytes: Uint8Array,
  what: string,
): GgufValue {
  switch (type) {
    case "uint8":
      return { type, value: view.getUint8(0), bytes };
    case "int8":
      return { type, value: view.getInt8(0), bytes };
    case "uint16":
      return { type, value: view.getUint16(0, true), bytes };
    case "int16":
      return { type, value: view.getInt16(0, true), bytes };
    case "uint32":
      return { type, value: view.getUint32(0, true), bytes };
    case "int32":
      return { type, value: view.getInt32(0, true), bytes };
    case "float32":
      return { type, value: view.getFloat32(0, true), bytes };
    case "float64":
      return { type, value: view.getFloat64(0, true), bytes };
    case "uint64":
      return { type, value: view.getBigUint64(0, true), bytes };
    case "int64":
      return { type, value: view.getBigInt64(0, true), bytes };
    case "bool": {
      const flag = view.getUint8(0);
      if (flag > 1) throw new GgufFormatError(`${what} is neither true nor false`);
      return { type, value: flag === 1, bytes };
    }
  }
}

function array(cursor: Cursor, what: string): GgufValue {
  const [of, size] = scalarType(cursor.u32(`the element type of ${what}`), what);
  // llama.cpp reads no nested arrays either.
  if (of === "array") throw new GgufFormatError(`${what} is an array of arrays, which no model needs`);
  const length = cursor.count(MAX_ARRAY_ELEMENTS, `the length of ${what}`);
  const start = cursor.offset;
  if (of === "string") {
    for (let index = 0; index < length; index++) {
      cursor.take(cursor.count(MAX_STRING_BYTES, `the length of a string in ${what}`), what);
    }
  } else {
    cursor.take(length * size, what);
  }
  return { type: "array", of, length, bytes: cursor.slice(start, cursor.offset) };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const found = metadata.get("general.alignment");
  if (!found) return DEFAULT_ALIGNMENT;
  if (found.type !== "uint32")
    throw new GgufFormatError("general.alignment is not an unsigned 32-bit number");
  const { value } = found;
  if (value === 0 || value > MAX_ALIGNMENT || (value & (value - 1)) !== 0) {
    throw new GgufFormatError(`general.alignment is ${value}, not a power of two up to ${MAX_ALIGNMENT}`);
  }
  return value;
}

const alignUp = (offset: number, alignment: number) => Math.ceil(offset / alignment) * alignment;

/** One entry of the tensor table, its offset still relative to the data and not yet checked. */
function tensorInfo(cursor: Cursor, index: number) {
  const tensorName = name(cursor, MAX_TENSOR_NAME_BYTES, `the name of tensor ${index}`);
  const what = `tensor ${tensorName}`;
  const dimensions = cursor.u32(what);
  if (dimensions < 1 || dimensions > MAX_TENSOR_DIMENSIONS) {
    throw new GgufFormatError(`${what} has ${dimensions} dimensions, not 1 to ${MAX_TENSOR_DIMENSIONS}`);
  }
  const shape: number[] = [];
  let elements = 1n;
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const length = cursor.u64(what);
    elements *= length;
    if (length === 0n || elements > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new GgufFormatError(`${what} has a dimension of 0 or more elements than can be counted`);
    }
    shape.push(Number(length));
  }
  const number = cursor.u32(what);
  const type = GGML_TYPES.get(number);
  if (!type) throw new GgufFormatError(`${what} has the unknown type ${number}`);
  if ((shape[0] as number) % type.block !== 0) {
    throw new GgufFormatError(
      `${what} has rows of ${shape[0]}, not a multiple of ${type.name}'s ${type.block}`,
    );
  }
  const bytes = (elements / BigInt(type.block)) * BigInt(type.bytes);
  return { name: tensorName, shape, type, elements: Number(elements), bytes, offset: cursor.u64(what) };
}

/**
 * Reads and checks the header of a GGUF file (versions 2 and 3, little-endian).
 *
 * Tensors must lie in the order of the table, each right after the one before it and its padding: no overlaps and no
 * holes, which is what llama.cpp's own loader accepts. Bytes after the last tensor are ignored.
 *
 * @param bytes the start of the file, or all of it.
 * @param fileSize the size of the whole file in bytes.
 * @throws {GgufIncompleteError} when more bytes of the same file are needed.
 * @throws {GgufFormatError} when the file is not a valid GGUF.
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function parseGguf(bytes: Uint8Array, fileSize: number): GgufHeader {
  const cursor = new Cursor(bytes, fileSize);
  if (fileSize < 4 || cursor.u32("the magic number") !== MAGIC) {
    throw new GgufFormatError("it does not start with the letters GGUF");
  }
  const version = cursor.u32("the version");
  if (version !== 2 && version !== 3) {
    const swapped = version >= 0x01000000 && (version & 0xffff) === 0;
    throw new GgufFormatError(
      swapped ? "it is big-endian, and only little-endian is read" : `its version is ${version}, not 2 or 3`,
    );
  }
  const tensorCount = cursor.count(MAX_TENSORS, "the number of tensors");
  const metadataCount = cursor.count(MAX_METADATA_ENTRIES, "the number of metadata entries");
  if (tensorCount * SMALLEST_TENSOR + metadataCount * SMALLEST_KEY_VALUE > fileSize) {
    throw new GgufFormatError("it announces more metadata and tensors than it has bytes");
  }

  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < metadataCount; index++) {
    const key = name(cursor, MAX_KEY_BYTES, `metadata key ${index}`);
    if (metadata.has(key)) throw new GgufFormatError(`the metadata key ${key} stands twice`);
    metadata.set(key, value(cursor, key));
  }
  const alignment = alignmentOf(metadata);

  const infos: ReturnType<typeof tensorInfo>[] = [];
  const names = new Set<string>();
  for (let index = 0; index < tensorCount; index++) {
    const info = tensorInfo(cursor, index);
    if (names.has(info.name)) throw new GgufFormatError(`the tensor ${info.name} stands twice`);
    names.add(info.name);
    infos.push(info);
  }

  const headerBytes = cursor.offset;
  const dataOffset = alignUp(headerBytes, alignment);
  let expected = 0n;
  let dataEnd = dataOffset;
  const tensors = infos.map(({ offset, bytes: size, ...info }): GgufTensor => {
    if (offset !== expected) {
      throw new GgufFormatError(
        `tensor ${info.name} lies at ${offset}, not at ${expected} right after the one before it`,
      );
    }
    const end = BigInt(dataOffset) + offset + size;
    if (end > BigInt(fileSize)) {
      throw new GgufFormatError(
        `it is cut short: tensor ${info.name} ends at byte ${end} of a file of ${fileSize} bytes`,
      );
    }
    dataEnd = Number(end);
    const step = BigInt(alignment);
    expected = ((offset + size + step - 1n) / step) * step;
    return { ...info, offset: dataOffset + Number(offset), bytes: Number(size) };
  });
  return { version, metadata, tensors, alignment, headerBytes, dataOffset, dataEnd };
}
