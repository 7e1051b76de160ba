// How long searches take while another process rewrites and compacts the store without a pause, against a store at rest.
// Needs a build of contracts: `pnpm build`. Usage: node bench/readers.mjs [documents] [searches]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const test = (name) => fileURLToPath(new URL(`../packages/retrieval/test/${name}`, import.meta.url));
const [documents = "200", searches = "300"] = process.argv.slice(2);
const child = [test("child.mjs"), test("readers-main.ts"), documents, searches];
process.exitCode = spawnSync(process.execPath, child, { stdio: "inherit" }).status ?? 1;
