import { setTimeout as sleep } from "node:timers/promises";
import { fileWriters } from "../src/writers/lock.ts";

// Holds a store's lock: `lock-child.ts <store> <milliseconds>`. Says `ready` while it holds it.
const [location = "", time = "0"] = process.argv.slice(3);
await fileWriters({ location }).run({ timeoutMs: 10_000 }, async () => {
  process.stdout.write("ready\n");
  await sleep(Number(time));
});
