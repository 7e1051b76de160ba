// @ts-check
// What runs in the worker: it takes the bytes of one file at a time and answers with plain data. JavaScript, since a worker
// is loaded by Node itself, from the sources in tests as from what is published.
import { parentPort } from "node:worker_threads";
import { readDocx } from "./read-docx.mjs";
import { readPdf } from "./read-pdf.mjs";

/** @typedef {import("./isolated-reader.ts").ReadRequest} ReadRequest */

parentPort?.on("message", async (/** @type {ReadRequest} */ request) => {
  try {
    parentPort?.postMessage(await read(request));
  } catch (error) {
    parentPort?.postMessage({ reason: reasonOf(error, request.format) });
  }
});

/**
 * @param {ReadRequest} request
 * @returns {Promise<import("./isolated-reader.ts").ReadResponse>}
 */
async function read(request) {
  if (request.format === "text") {
    const { extract } = await import(request.extractor);
    const { content, mediaType, uri } = request.source;
    return { extracted: extract(content, mediaType, uri) };
  }
  const { bytes, format, limits } = request;
  return { unpacked: format === "pdf" ? await readPdf(bytes, limits) : await readDocx(bytes, limits) };
}

/**
 * @param {unknown} error
 * @param {ReadRequest["format"]} format
 */
function reasonOf(error, format) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  // Both carry a reason in plain words: of the readers of files, and of those of text.
  if (name === "Refused" || (error instanceof Error && "reason" in error)) return message;
  if (name === "PasswordException") return "it is encrypted, save it without a password";
  // A reader's message may quote the file: one line of it is enough.
  const line = message.replace(/\s+/g, " ").trim().slice(0, 160);
  return format === "text"
    ? `it could not be read (${line})`
    : `it is not a valid ${format.toUpperCase()} (${line})`;
}
