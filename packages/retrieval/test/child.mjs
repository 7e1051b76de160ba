// Runs a TypeScript module of this package in a process of its own: `node child.mjs <module> [argument...]`.
// Node 20 strips no types, so Vite, which Vitest brings, loads it, on the sources as the tests do. The module does its
// work while it is loaded: the loader closes behind it.
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const vite = dirname(createRequire(require.resolve("vitest/package.json")).resolve("vite/package.json"));
const { runnerImport } = await import(pathToFileURL(join(vite, "dist/node/index.js")).href);
const conditions = ["@advisor/source", "node", "import", "module", "default"];
await runnerImport(resolve(process.argv[2]), {
  configFile: false,
  logLevel: "silent",
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
});
