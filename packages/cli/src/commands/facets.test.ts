import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FakeCore, fakeCore } from "../../test/fake-advisor.ts";
import { inFolder, json, type RunOptions, runCli } from "../../test/run-cli.ts";

function runStored(argv: readonly string[], core: FakeCore, options: RunOptions = {}) {
  return inFolder((cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    return runCli(argv, { core, cwd, ...options });
  });
}

const requests: unknown[] = [];
const core = () =>
  fakeCore({
    roles: ["staff"],
    count: async () => ({ documents: 12, passages: 340 }),
    facets: async (request) => {
      requests.push(request);
      return {
        documents: 12,
        facets: [
          {
            by: { key: "product" },
            values: [
              { value: "Tarn\u001b[31m", documents: 10 },
              { value: 2, documents: 1 },
            ],
            moreValues: 3,
            without: 1,
          },
        ],
      };
    },
  });

test("prints the values of each trait, the commonest first, and how many pages there are", async () => {
  const ran = await runStored(
    ["facets", "--by", "product", "--limit", "2", "--where", "draft", "--role", "staff"],
    core(),
    {
      env: { NO_COLOR: "1" },
    },
  );
  expect(ran.err).toBe("");
  expect(ran.out.split("\n").map((line) => line.trimEnd())).toEqual([
    "product",
    expect.stringMatching(/^ {2}10 {2}Tarn/),
    "   1  2",
    "  and 3 more values",
    "  1 page without",
    "",
    "12 pages, 340 passages",
    "",
  ]);
  expect(ran.out).not.toContain("\u001b");
  expect(requests.at(-1)).toMatchObject({
    by: [{ key: "product" }],
    limit: 2,
    filter: { key: "draft", exists: true },
    principal: { tenant: "default", roles: ["staff"] },
  });
});

test("groups by source and role when nothing is named; a key may be called like one of them", async () => {
  await runStored(["facets"], core());
  expect(requests.at(-1)).toMatchObject({ by: ["source", "role"] });
  await runStored(["facets", "--by", "key:role", "--by", "role"], core());
  expect(requests.at(-1)).toMatchObject({ by: [{ key: "role" }, "role"] });
});

test("prints one JSON object for machines", async () => {
  const ran = await runStored(["facets", "--json", "--by", "product"], core());
  expect(json(ran)).toMatchObject({ documents: 12, passages: 340, facets: [{ by: { key: "product" } }] });
});
