// Says which Node is needed before anything newer is parsed or imported: this file keeps to old syntax on purpose.
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const needed = manifest.engines.node.replace(/^>=/, "");
const numbers = (version) => version.split(".").map(Number);
const [major, minor] = numbers(process.versions.node);
const [neededMajor, neededMinor] = numbers(needed);

if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  console.error(
    "Node " +
      process.versions.node +
      ": too old for this project, which needs Node " +
      needed +
      " or newer. Install one from https://nodejs.org and run the same command again.",
  );
  process.exit(1);
}
