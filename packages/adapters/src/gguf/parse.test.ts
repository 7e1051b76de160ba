import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import { decodeInt32s, decodeStrings } from "./array-values.ts";
import { GgufFormatError, GgufIncompleteError } from "./cursor.ts";
import { GGML_TYPES } from "./ggml-types.ts";
import { parseGguf } from "./parse.ts";
import { type GgufWriteTensor, type GgufWriteValue, toHalf, writeGguf } from "./write.ts";

const model = tinyModel();
const parse = (bytes: Uint8Array) => parseGguf(bytes, bytes.length);

/** Anything but these two errors is a crash. */
function parsesOrRefuses(bytes: Uint8Array): boolean {
  try {
    parse(bytes);
  } catch (error) {
    if (!(error instanceof GgufFormatError)) throw error;
  }
  return true;
}

function patched(at: number, bytes: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(model);
  copy.set(bytes, at);
  return copy;
}

const indexOf = (text: string) => Buffer.from(model).indexOf(text);

describe("parseGguf", () => {
  it("reads what was written", () => {
    const header = parse(model);
    expect(header).toMatchObject({ version: 3, alignment: 32 });
    expect(header.metadata.get("general.name")).toMatchObject({ type: "string", value: "tiny" });
    expect(decodeStrings(header.metadata.get("tokenizer.ggml.tokens")).slice(0, 3)).toEqual([
      "<unk>",
      "<s>",
      "</s>",
    ]);
    expect(decodeInt32s(header.metadata.get("tokenizer.ggml.token_type"))).toEqual([2, 3, 3, 1, 1, 1, 1, 1]);
    expect(header.tensors.map(({ name, shape, bytes }) => [name, shape, bytes])).toEqual([
      ["token_embd.weight", [8, 8], 256],
      ["output_norm.weight", [8], 16],
    ]);
    expect(header.dataOffset % 32).toBe(0);
  });

  it("reads back any metadata and tensors", () => {
    const value: fc.Arbitrary<GgufWriteValue> = fc.oneof(
      fc.record({ type: fc.constant("string" as const), value: fc.string() }),
      fc.record({ type: fc.constant("int32" as const), value: fc.integer() }),
      fc.record({ type: fc.constant("uint64" as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
      fc.record({ type: fc.constant("bool" as const), value: fc.boolean() }),
      fc.record({
        type: fc.constant("array" as const),
        of: fc.constant("string" as const),
        values: fc.array(fc.string()),
      }),
    );
    const metadata = fc.dictionary(fc.stringMatching(/^[a-z][a-z.]{0,20}$/), value, { maxKeys: 8 });
    const shapes = fc.uniqueArray(
      fc.tuple(
        fc.stringMatching(/^[a-z]{1,12}$/),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      ),
      { selector: ([name]) => name, maxLength: 5 },
    );
    fc.assert(
      fc.property(metadata, shapes, (entries, named) => {
        const tensors = named.map(([name, shape]): GgufWriteTensor => {
          const length = shape.reduce((a, b) => a * b, 1);
          return { name, shape, type: "F32", data: new Float32Array(length) };
        });
        const { "general.alignment": _alignment, ...free } = entries;
        const header = parse(writeGguf({ metadata: free, tensors }));
        expect(header.tensors.map(({ name, shape }) => [name, shape])).toEqual(named);
        for (const [key, written] of Object.entries(free)) {
          const found = header.metadata.get(key);
          if (written.type === "array") expect(decodeStrings(found)).toEqual(written.values);
          else expect(found).toMatchObject(written);
        }
      }),
    );
  });

  it("asks for more bytes exactly while the header is incomplete", () => {
    const { headerBytes } = parse(model);
    for (let length = 0; length <= headerBytes; length++) {
      const start = model.subarray(0, length);
      if (length < headerBytes) {
        expect(() => parseGguf(start, model.length), `${length} bytes`).toThrow(GgufIncompleteError);
      } else {
        expect(parseGguf(start, model.length).headerBytes).toBe(headerBytes);
      }
    }
  });

  it("refuses a file that is cut at any byte", () => {
    const { dataEnd } = parse(model);
    for (let length = 0; length < dataEnd; length++) {
      expect(() => parse(model.subarray(0, length)), `${length} bytes`).toThrow(GgufFormatError);
    }
    expect(() => parse(model.subarray(0, dataEnd))).not.toThrow();
  });

  it("parses or refuses whatever the bytes are", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), parsesOrRefuses), { numRuns: 500 });
    const afterMagic = fc
      .uint8Array({ maxLength: 400 })
      .map((bytes) => Buffer.concat([model.subarray(0, 8), bytes]));
    fc.assert(fc.property(afterMagic, parsesOrRefuses), { numRuns: 500 });
  });

  it("parses or refuses a valid file with any bytes changed", () => {
    const change = fc.tuple(fc.nat({ max: model.length - 1 }), fc.constantFrom(0, 1, 8, 9, 0x7f, 0x80, 0xff));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const copy = Uint8Array.from(model);
        for (const [at, value] of changes) copy[at] = value;
        return parsesOrRefuses(copy);
      }),
      { numRuns: 3000 },
    );
  });

  it("parses or refuses any length field set to a huge number", () => {
    for (let at = 8; at + 8 <= parse(model).headerBytes; at++) {
      parsesOrRefuses(patched(at, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
      parsesOrRefuses(patched(at, [0, 0, 0, 0, 0, 0, 0, 0x80]));
    }
  });

  it.each<[string, () => Uint8Array]>([
    ["letters GGUF", () => new TextEncoder().encode("# Just a text file\n")],
    ["version is 4", () => patched(4, [4])],
    ["version is 1", () => patched(4, [1])],
    ["big-endian", () => patched(4, [0, 0, 0, 3])],
    ["number of tensors is", () => patched(8, [0xff, 0xff, 0xff, 0xff])],
    ["more metadata and tensors than it has bytes", () => patched(8, [0, 0, 1, 0])],
    ["unknown value type", () => patched(indexOf("general.name") + 12, [99])],
    ["not UTF-8", () => patched(indexOf("general.name"), [0xff])],
    ["NUL", () => patched(indexOf("general.name"), [0])],
    ["has 9 dimensions", () => patched(indexOf("token_embd.weight") + 17, [9])],
    ["dimension of 0", () => patched(indexOf("token_embd.weight") + 21, [...u64(0)])],
    [
      "more elements than can be counted",
      () => patched(indexOf("token_embd.weight") + 21, [...u64(2n ** 63n)]),
    ],
    ["unknown type 200", () => patched(indexOf("token_embd.weight") + 37, [200])],
    ["not a multiple of Q8_0's 32", () => patched(indexOf("token_embd.weight") + 37, [8])],
    ["right after the one before it", () => patched(indexOf("output_norm.weight") + 34, [64])],
    ["cut short", () => patched(indexOf("output_norm.weight") + 22, [0, 0, 1])],
  ])("refuses: %s", (words, make) => {
    expect(() => parse(make())).toThrow(expect.objectContaining({ message: expect.stringContaining(words) }));
  });

  it("refuses a key or a tensor that stands twice", () => {
    const twice = (name: string, at: string): Uint8Array => {
      const data = new Float32Array(1);
      const bytes = writeGguf({
        metadata: { "a.first": { type: "bool", value: true }, "b.first": { type: "bool", value: true } },
        tensors: ["c.last", "d.last"].map((each) => ({ name: each, shape: [1], type: "F32", data })),
      });
      bytes.set(Buffer.from(name), Buffer.from(bytes).indexOf(at));
      return bytes;
    };
    expect(() => parse(twice("a", "b.first"))).toThrow("the metadata key a.first stands twice");
    expect(() => parse(twice("c", "d.last"))).toThrow("the tensor c.last stands twice");
  });

  it("refuses an array of arrays and a strange alignment", () => {
    const nested = tinyModel({ odd: { type: "array", of: "uint8", values: [1, 2, 3, 4, 5, 6, 7, 8, 9] } });
    const at = Buffer.from(nested).indexOf("odd") + 3;
    nested[at + 4] = 9;
    expect(() => parse(nested)).toThrow(/array of arrays/);
    for (const value of [0, 3, 2 ** 30]) {
      expect(() => parse(tinyModel({ "general.alignment": { type: "uint32", value } }))).toThrow(/alignment/);
    }
    expect(() => parse(tinyModel({ "general.alignment": { type: "int32", value: 32 } }))).toThrow(/unsigned/);
  });
});

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

describe("writeGguf", () => {
  it("refuses data that does not fill the shape", () => {
    expect(() =>
      writeGguf({
        metadata: {},
        tensors: [{ name: "a", shape: [3], type: "F32", data: new Float32Array(2) }],
      }),
    ).toThrow(/tensor a has 8 bytes/);
  });

  it("rounds to halves as IEEE 754 says", () => {
    const known: readonly (readonly [number, number])[] = [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65520, 0x7c00],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [1 / 3, 0x3555],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [0.99999, 0x3c00],
      [Number.POSITIVE_INFINITY, 0x7c00],
      [Number.NaN, 0x7e00],
    ];
    for (const [value, bits] of known) expect(toHalf(value), String(value)).toBe(bits);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7bff }), (bits) => {
        const exponent = bits >> 10;
        const fraction = bits & 1023;
        const value = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
        return toHalf(value) === bits && toHalf(-value) === (bits | 0x8000);
      }),
    );
  });

  it("knows each type once", () => {
    const names = [...GGML_TYPES.values()].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
