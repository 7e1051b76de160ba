import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run on the sources: the "@advisor/source" export condition names them, so no build can be stale.
const conditions = ["@advisor/source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    environment: "node",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two tiers (see docs/architecture.md): fast tests with fakes on all cores, then model tests in two forked processes.
    // Modules are loaded once a worker: a test leaves nothing behind in them.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: [
            "packages/*/src/**/*.test.ts",
            "packages/nano/recipe/*.test.ts",
            "apps/*/src/**/*.test.ts",
            "scripts/**/*.test.ts",
          ],
          exclude: ["**/*.model.test.ts", "**/node_modules/**", "**/dist/**"],
          pool: "threads",
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "model",
          include: [
            "packages/*/src/**/*.model.test.ts",
            "apps/*/src/**/*.model.test.ts",
            "examples/*.test.ts",
          ],
          pool: "forks",
          // Two, so that one works while the other waits, for a killed process or a lock; more would each load the models.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
