// npm run bench: lists the measurements under bench/; `npm run bench -- NAME [arguments]` runs one.
import "./check-node.mjs";

const { build, install, main, root, runForeground } = await import("./steps.mjs");
const { readdirSync, readFileSync } = await import("node:fs");
const { join } = await import("node:path");

const folder = join(root, "bench");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.slice(0, -".mjs".length))
  .sort();

/** The comment a script begins with is what the list says about it. */
function about(name) {
  const lines = readFileSync(join(folder, `${name}.mjs`), "utf8").split("\n");
  const first = lines.find((line) => line.startsWith("//"));
  return first ? first.replace(/^\/\/\s*/, "") : "";
}

await main(async ([name, ...rest]) => {
  if (name === undefined) {
    const width = Math.max(0, ...names.map((each) => each.length));
    console.log("Usage: npm run bench -- NAME [arguments]\n");
    for (const each of names) console.log(`  ${each.padEnd(width)}  ${about(each)}`);
    return 0;
  }
  if (!names.includes(name)) {
    console.error(`bench ${name}: there is none of that name. Known: ${names.join(", ") || "none yet"}.`);
    return 2;
  }
  await install();
  await build();
  return runForeground(process.execPath, [join(folder, `${name}.mjs`), ...rest]);
});
