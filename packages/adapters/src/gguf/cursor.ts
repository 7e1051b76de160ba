/** Why a file is not a GGUF that may be loaded. The reader of files turns it into an error that names the file. */
export class GgufFormatError extends Error {
  override readonly name = "GgufFormatError";
}

/** The bytes end before the header does. `needed` is a lower bound of the bytes the header takes. */
export class GgufIncompleteError extends Error {
  override readonly name = "GgufIncompleteError";
  readonly needed: number;

  constructor(needed: number) {
    super(`the header needs at least ${needed} bytes`);
    this.needed = needed;
  }
}

/** Reads little-endian values and never past the end. */
export class Cursor {
  offset = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileSize: number;

  constructor(bytes: Uint8Array, fileSize: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
  }

  /** Moves past `count` bytes and says where they started. */
  take(count: number, what: string): number {
    const start = this.offset;
    const end = start + count;
    if (end > this.#fileSize) throw new GgufFormatError(`the file ends inside ${what}`);
    if (end > this.#bytes.length) throw new GgufIncompleteError(end);
    this.offset = end;
    return start;
  }

  u32(what: string): number {
    return this.#view.getUint32(this.take(4, what), true);
  }

  u64(what: string): bigint {
    return this.#view.getBigUint64(this.take(8, what), true);
  }

  /** A 64-bit count or length, refused above `limit` before anything is allocated. */
  count(limit: number, what: string): number {
    const value = this.u64(what);
    if (value > BigInt(limit)) throw new GgufFormatError(`${what} is ${value}, above the limit of ${limit}`);
    return Number(value);
  }

  raw(count: number, what: string): Uint8Array {
    const start = this.take(count, what);
    return this.#bytes.subarray(start, start + count);
  }

  view(start: number, count: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, count);
  }

  slice(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }
}
