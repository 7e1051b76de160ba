// Stands in for a reader that takes ever more memory: objects of the heap for a PDF, buffers outside it for a DOCX.
import { parentPort } from "node:worker_threads";

parentPort?.on("message", ({ format }) => {
  const hoard = [];
  for (;;) hoard.push(format === "pdf" ? Array(1000).fill(hoard.length) : Buffer.alloc(4 * 1024 * 1024, 1));
});
