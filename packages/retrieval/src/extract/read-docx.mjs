// @ts-check

import { Refused } from "./refused.mjs";
import { readZip, writeZip } from "./zip.mjs";

/**
 * The document as HTML. Only its XML parts are unpacked, into an archive made anew: pictures, macros and whatever else lies in
 * it are never touched, and no second reader of the archive can see anything but what was checked.
 * @param {Uint8Array} bytes
 * @param {import("./isolated-reader.ts").ReadLimits} limits
 * @returns {Promise<import("./isolated-reader.ts").Unpacked>}
 */
export async function readDocx(bytes, limits) {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Word keeps an encrypted document, and documents of before 2007, in an OLE container.
  if (file.length >= 8 && file.readUInt32BE(0) === 0xd0cf11e0)
    throw new Refused("it is encrypted, or an old Word file; save it as DOCX without a password");
  const parts = readZip(file, limits.maxUnpackedBytes, (name) => /\.(?:xml|rels)$/i.test(name));
  // ECMA-376 part 2 forbids document type definitions, and with them entities that grow without bound.
  for (const { name, data } of parts)
    if (data.includes("<!DOCTYPE"))
      throw new Refused(`its part ${name.slice(0, 80)} has a DOCTYPE, which DOCX forbids`);
  const { default: mammoth } = await import("mammoth");
  const { value } = await mammoth.convertToHtml(
    { buffer: writeZip(parts) },
    { convertImage: mammoth.images.imgElement(async () => ({ src: "" })), externalFileAccess: false },
  );
  if (value.length > limits.maxLength)
    throw new Refused("its text is longer than 16 Mi characters, split it");
  // A cell of Word always holds a paragraph; in HTML that would set it off from the bar between cells.
  return { format: "docx", html: value.replace(/(<t[dh]\b[^>]*>)<p>/g, "$1") };
}
