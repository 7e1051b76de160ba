// npm start: install, build, then the demonstration (see apps/demo). `npm start -- --once` ends after its table.
import "./check-node.mjs";

const { build, install, main, root, runForeground } = await import("./steps.mjs");
const { existsSync } = await import("node:fs");
const { join } = await import("node:path");

await main(async (args) => {
  await install();
  await build();
  const demo = join(root, "apps/demo/dist/server/main.js");
  if (!existsSync(demo)) {
    console.error(
      `${demo}: missing after the build. Run \`npm run build -- --force\` and look at its output.`,
    );
    return 1;
  }
  return runForeground(process.execPath, [demo, ...args]);
});
