// A process killed at 100 random moments of a sync, a first sync, a reindexing or a removal: is the store whole afterwards?
// Needs a build of contracts: `pnpm build`. Usage: node bench/crashes.mjs [kills] [pages]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const test = (name) => fileURLToPath(new URL(`../packages/retrieval/test/${name}`, import.meta.url));
const [kills = "100", pages = "400"] = process.argv.slice(2);
const child = [test("child.mjs"), test("crash-main.ts"), kills, pages];
process.exitCode = spawnSync(process.execPath, child, { stdio: "inherit" }).status ?? 1;
