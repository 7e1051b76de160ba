import { GGML_TYPES, ggmlTypeNumber } from "./ggml-types.ts";
import type { GgufScalarType } from "./parse.ts";

/** A metadata value to write. 64-bit integers are bigints. */
export type GgufWriteValue =
  | { readonly type: GgufScalarType; readonly value: string | number | bigint | boolean }
  | {
      readonly type: "array";
      readonly of: GgufScalarType;
      readonly values: readonly (string | number | bigint | boolean)[];
    };

/** A tensor to write: numbers stored as F32 or F16, or bytes that are in the type's own layout already. */
export type GgufWriteTensor = {
  readonly name: string;
  /** Fastest-varying dimension first. */
  readonly shape: readonly number[];
} & (
  | { readonly type: "F32" | "F16"; readonly data: Float32Array }
  | { readonly type: string; readonly bytes: Uint8Array }
);

/** What a GGUF is to hold. */
export interface GgufContents {
  readonly metadata: Readonly<Record<string, GgufWriteValue>>;
  readonly tensors: readonly GgufWriteTensor[];
}

const TYPE_NUMBERS: Readonly<Record<GgufScalarType | "array", number>> = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
};
const ALIGNMENT = 32;
const VERSION = 3;

/** Collects bytes, little-endian. */
class Sink {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  number(size: number, write: (view: DataView) => void): void {
    const buffer = new Uint8Array(size);
    write(new DataView(buffer.buffer));
    this.bytes(buffer);
  }

  u32(value: number): void {
    this.number(4, (view) => view.setUint32(0, value, true));
  }

  u64(value: number | bigint): void {
    this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  pad(alignment: number): void {
    const rest = this.length % alignment;
    if (rest > 0) this.bytes(new Uint8Array(alignment - rest));
  }

  whole(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** Bytes of a number and how it is stored, by type. */
const NUMBERS: Readonly<
  Record<
    Exclude<GgufScalarType, "string">,
    readonly [size: number, store: (view: DataView, value: number | bigint) => void]
  >
> = {
  bool: [1, (view, value) => view.setUint8(0, value ? 1 : 0)],
  uint8: [1, (view, value) => view.setUint8(0, Number(value))],
  int8: [1, (view, value) => view.setInt8(0, Number(value))],
  uint16: [2, (view, value) => view.setUint16(0, Number(value), true)],
  int16: [2, (view, value) => view.setInt16(0, Number(value), true)],
  uint32: [4, (view, value) => view.setUint32(0, Number(value), true)],
  int32: [4, (view, value) => view.setInt32(0, Number(value), true)],
  float32: [4, (view, value) => view.setFloat32(0, Number(value), true)],
  float64: [8, (view, value) => view.setFloat64(0, Number(value), true)],
  uint64: [8, (view, value) => view.setBigUint64(0, BigInt(value), true)],
  int64: [8, (view, value) => view.setBigInt64(0, BigInt(value), true)],
};

function writeScalar(sink: Sink, type: GgufScalarType, value: string | number | bigint | boolean): void {
  if (type === "string") {
    sink.string(String(value));
    return;
  }
  const [size, store] = NUMBERS[type];
  const number =
    typeof value === "boolean" ? Number(value) : typeof value === "string" ? Number(value) : value;
  sink.number(size, (view) => store(view, number));
}

function tensorBytes(tensor: GgufWriteTensor): Uint8Array {
  const elements = tensor.shape.reduce((product, length) => product * length, 1);
  const type = GGML_TYPES.get(ggmlTypeNumber(tensor.type));
  const expected = type ? (elements / type.block) * type.bytes : Number.NaN;
  const bytes =
    "bytes" in tensor ? tensor.bytes : tensor.type === "F32" ? f32Bytes(tensor.data) : f16Bytes(tensor.data);
  if (bytes.length !== expected) {
    throw new RangeError(`tensor ${tensor.name} has ${bytes.length} bytes, and its shape needs ${expected}`);
  }
  return bytes;
}

function f32Bytes(data: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.length * 4));
  for (const [index, value] of data.entries()) view.setFloat32(index * 4, value, true);
  return new Uint8Array(view.buffer);
}

function f16Bytes(data: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.length * 2));
  for (const [index, value] of data.entries()) view.setUint16(index * 2, toHalf(value), true);
  return new Uint8Array(view.buffer);
}

/** A number as an IEEE 754 half, rounded to nearest, ties to even; beyond the range, infinity. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // log2 may round up across a power of two.
  const power = size < 2 ** exponent ? exponent - 1 : exponent;
  return sign | (((power + 15) << 10) + roundToEven((size / 2 ** power - 1) * 1024));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The bytes of a GGUF file (version 3, little-endian, 32-byte alignment), tensors in the order given. */
export function writeGguf({ metadata, tensors }: GgufContents): Uint8Array {
  const sink = new Sink();
  const entries = Object.entries(metadata);
  sink.bytes(new TextEncoder().encode("GGUF"));
  sink.u32(VERSION);
  sink.u64(tensors.length);
  sink.u64(entries.length);
  for (const [key, value] of entries) {
    sink.string(key);
    sink.u32(TYPE_NUMBERS[value.type]);
    if (value.type !== "array") {
      writeScalar(sink, value.type, value.value);
      continue;
    }
    sink.u32(TYPE_NUMBERS[value.of]);
    sink.u64(value.values.length);
    for (const each of value.values) writeScalar(sink, value.of, each);
  }
  const data = tensors.map(tensorBytes);
  let offset = 0;
  for (const [index, { name, shape, type }] of tensors.entries()) {
    sink.string(name);
    sink.u32(shape.length);
    for (const length of shape) sink.u64(length);
    sink.u32(ggmlTypeNumber(type));
    sink.u64(offset);
    offset = Math.ceil((offset + (data[index]?.length ?? 0)) / ALIGNMENT) * ALIGNMENT;
  }
  for (const bytes of data) {
    sink.pad(ALIGNMENT);
    sink.bytes(bytes);
  }
  sink.pad(ALIGNMENT);
  return sink.whole();
}
