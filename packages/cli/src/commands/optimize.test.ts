import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OptimizeOptions } from "@advisor/contracts";
import { expect, test } from "vitest";
import { fakeCore } from "../../test/fake-advisor.ts";
import { inFolder, json, type RunOptions, runCli } from "../../test/run-cli.ts";

function run(argv: readonly string[], rows: number, options: RunOptions = {}) {
  const asked: (OptimizeOptions | undefined)[] = [];
  const core = fakeCore({
    optimize: async (given) => {
      asked.push(given);
      const tenant = given?.tenant ?? "";
      return { tenant, rows, rebuilt: ["terms", "vector"], vectorSearch: "approximate", elapsedMs: 2100 };
    },
  });
  return inFolder(async (cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return { ran: await runCli(argv, { core, cwd, ...options }), asked };
  });
}

test("says what was done to the tenant's table", async () => {
  const { ran, asked } = await run(["optimize", "--tenant", "north"], 60_000);
  expect(ran.code).toBe(0);
  expect(ran.out).toBe("Optimized 60,000 rows of tenant north in 2.1 s; vectors are found by an index.\n");
  expect(asked).toMatchObject([{ tenant: "north" }]);
});

test("prints the report as JSON, and says when there is nothing", async () => {
  const { ran } = await run(["optimize", "--json"], 7);
  expect(json(ran)).toMatchObject({ tenant: "default", rows: 7, rebuilt: ["terms", "vector"] });
  const nothing = await run(["optimize"], 0);
  expect(nothing.ran.out).toBe("There is nothing to optimize: tenant default has no pages.\n");
});
