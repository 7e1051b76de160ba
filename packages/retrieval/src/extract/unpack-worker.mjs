// @ts-check
// What runs in the worker: it takes the bytes of one file at a time and answers with plain data. JavaScript, since a worker
// is loaded by Node itself, from the sources in tests as from what is published.
import { parentPort } from "node:worker_threads";
import { readDocx } from "./read-docx.mjs";
import { readPdf } from "./read-pdf.mjs";

/** @typedef {import("./unpacker.ts").UnpackRequest} UnpackRequest */

parentPort?.on("message", async (/** @type {UnpackRequest} */ { bytes, format, limits }) => {
  try {
    const unpacked = format === "pdf" ? await readPdf(bytes, limits) : await readDocx(bytes, limits);
    parentPort?.postMessage({ unpacked });
  } catch (error) {
    parentPort?.postMessage({ reason: reasonOf(error, format) });
  }
});

/**
 * @param {unknown} error
 * @param {"pdf" | "docx"} format
 */
function reasonOf(error, format) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === "Refused") return message;
  if (name === "PasswordException") return "it is encrypted, save it without a password";
  // A reader's message may quote the file: one line of it is enough.
  const line = message.replace(/\s+/g, " ").trim().slice(0, 160);
  return `it is not a valid ${format.toUpperCase()} (${line})`;
}
