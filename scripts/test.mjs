// npm test: install what is missing, build, run every test. Arguments go to vitest: `npm test -- packages/core`.
import "./check-node.mjs";

const { build, install, main, root, runForeground } = await import("./steps.mjs");
const { mkdirSync, readFileSync, rmSync } = await import("node:fs");
const { join } = await import("node:path");
const { closingLine } = await import("./closing-line.mjs");

await main(async (args) => {
  await install();
  await build();
  const folder = join(root, "node_modules", ".advisor");
  const report = join(folder, "tests.json");
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const code = await runForeground(process.execPath, [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...args,
  ]);
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    // vitest ended before it could write: its own message is above.
  }
  const line = closingLine(results, code);
  console.log(line.text);
  return line.code;
});
