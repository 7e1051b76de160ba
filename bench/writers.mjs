// Eight processes that write to one store for a minute, on a folder and on an object store: is each document the last one written?
// Needs a build of contracts: `pnpm build`. Usage: node bench/writers.mjs [processes] [seconds]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const test = (name) => fileURLToPath(new URL(`../packages/retrieval/test/${name}`, import.meta.url));
const [processes = "8", seconds = "60"] = process.argv.slice(2);
const child = [test("child.mjs"), test("write-race-main.ts"), processes, seconds];
process.exitCode = spawnSync(process.execPath, child, { stdio: "inherit" }).status ?? 1;
