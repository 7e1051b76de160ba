import { Unreadable } from "./front-matter.ts";

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

const NAMES: Readonly<Record<Encoding, string>> = {
  "utf-8": "UTF-8",
  "utf-16le": "UTF-16",
  "utf-16be": "UTF-16",
};
/** How much of a file without a byte-order mark is looked at, in bytes. */
const LOOKED_AT = 64 * 1024;
/** Share of UTF-16 units whose upper byte is 0: in text of Latin letters nearly all, in a binary file seldom. */
const MIN_LATIN = 0.7;

/**
 * The text of a file: UTF-8, or UTF-16 of either byte order, by its byte-order mark, or without one where the zero bytes of
 * Latin letters make it plain. A byte-order mark stays in the text. Throws {@link Unreadable} with the reason when it is
 * binary, empty, or holds a sequence that its encoding does not have.
 */
export function decode(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new Unreadable("it is empty");
  const encoding = encodingOf(bytes);
  if (!encoding) throw new Unreadable("it is a binary file, not text");
  const text = decodeAs(encoding, bytes);
  if (text.includes("\0")) throw new Unreadable("it is a binary file, not text");
  if (text.replace("\ufeff", "").trim() === "") throw new Unreadable("it is empty");
  return text;
}

function decodeAs(encoding: Encoding, bytes: Uint8Array): string {
  const broken = () => new Unreadable(`it is not valid ${NAMES[encoding]}, save it as UTF-8`);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken();
  }
  // Not every decoder minds half of a surrogate pair.
  if (encoding !== "utf-8" && /\p{Cs}/u.test(text)) throw broken();
  return text;
}

/** Undefined for what is no text. */
function encodingOf(bytes: Uint8Array): Encoding | undefined {
  const [first, second, third, fourth] = bytes;
  // UTF-32 begins with the mark of UTF-16.
  if (first === 0xff && second === 0xfe) return third === 0 && fourth === 0 ? undefined : "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (!bytes.includes(0)) return "utf-8";
  const looked = bytes.subarray(0, Math.min(LOOKED_AT, bytes.length - (bytes.length % 2)));
  let even = 0;
  let odd = 0;
  for (let i = 0; i < looked.length; i += 2) {
    if (looked[i] === 0) even++;
    if (looked[i + 1] === 0) odd++;
  }
  const enough = (looked.length / 2) * MIN_LATIN;
  if (odd > enough && even === 0) return "utf-16le";
  if (even > enough && odd === 0) return "utf-16be";
  return undefined;
}
