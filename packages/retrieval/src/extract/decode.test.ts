import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "./decode.ts";
import { Unreadable } from "./front-matter.ts";

const little = (text: string) => Buffer.from(text, "utf16le");
const big = (text: string) => Buffer.from(text, "utf16le").swap16();
const MARK = "\ufeff";
const TEXT = "# Leave\r\n\r\nÉmile gets 25 days – “paid”, 日本 🦓.\n";

test.each([
  ["UTF-8", Buffer.from(TEXT)],
  ["UTF-8 with a mark", Buffer.from(MARK + TEXT)],
  ["UTF-16, little-endian, with a mark", little(MARK + TEXT)],
  ["UTF-16, big-endian, with a mark", big(MARK + TEXT)],
  ["UTF-16, little-endian", little(TEXT)],
  ["UTF-16, big-endian", big(TEXT)],
])("%s is read", (name, bytes) => {
  expect(decode(bytes)).toBe(name.includes("mark") ? MARK + TEXT : TEXT);
});

test("with a mark, text of any script is read in either byte order; without one it is read or refused, never garbled", () => {
  const text = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((each) => each.trim() !== "" && !/[\0\ufeff]/.test(each));
  fc.assert(
    fc.property(text, (value) => {
      for (const write of [little, big]) {
        expect(decode(write(MARK + value))).toBe(MARK + value);
        const bytes = write(value);
        // Without a zero byte it may be UTF-8 as well.
        if (!bytes.includes(0)) continue;
        try {
          expect(decode(bytes)).toBe(value);
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
        }
      }
    }),
  );
});

const HALF = "a zebra \ud83e of Latin letters";
test.each([
  ["half of a surrogate pair", little(MARK + HALF), "it is not valid UTF-16, save it as UTF-8"],
  ["the same, big-endian", big(MARK + HALF), "it is not valid UTF-16, save it as UTF-8"],
  ["the same without a mark", little(HALF), "it is not valid UTF-16, save it as UTF-8"],
  ["half a unit", little(`${MARK}zebra`).subarray(0, -1), "it is not valid UTF-16, save it as UTF-8"],
  [
    "half a unit without a mark",
    big("zebra crossing").subarray(0, -1),
    "it is not valid UTF-16, save it as UTF-8",
  ],
  ["Latin-1", Buffer.from("caf\u00e9", "latin1"), "it is not valid UTF-8, save it as UTF-8"],
  ["a zero in UTF-8", Buffer.from("zebra\0"), "it is a binary file, not text"],
  ["a zero in UTF-16", little(`${MARK}zebra\0grass`), "it is a binary file, not text"],
  ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x7a, 0, 0, 0]), "it is a binary file, not text"],
  ["zeros alone", Buffer.alloc(64), "it is a binary file, not text"],
  [
    "a picture",
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0x0d, 0x49, 0, 0x44, 0]),
    "it is a binary file, not text",
  ],
  ["nothing", Buffer.alloc(0), "it is empty"],
  ["a mark alone", little(MARK), "it is empty"],
  ["a mark of UTF-8 alone", Buffer.from(MARK), "it is empty"],
  ["white space", big(`${MARK} \n\t`), "it is empty"],
])("%s is refused with its reason", (_, bytes, reason) => {
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ reason }));
});
