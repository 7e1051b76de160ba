// Stands in for a reader that never ends.
import { parentPort } from "node:worker_threads";

parentPort?.on("message", () => {
  for (;;);
});
