import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeCore, status } from "../../test/fake-advisor.ts";
import { inFolder, json, runCli } from "../../test/run-cli.ts";

const tenants = [
  { tenant: "default", documents: 1200, chunks: 4400 },
  { tenant: "north", documents: 2, chunks: 3 },
];

function administered() {
  const asked: unknown[] = [];
  const answer = (name: string) => async (options?: { principal?: { tenant: string } }) => {
    asked.push([name, options?.principal]);
    return { tenant: options?.principal?.tenant ?? "", documents: 2, chunks: 3, elapsedMs: 12 };
  };
  const plain = status();
  const core = fakeCore({
    status: async () => ({ ...plain, store: { ...plain.store, tenants } }),
    reindex: answer("reindex"),
    removeTenant: answer("removeTenant"),
  });
  return { core, asked };
}

const inStore = (work: (cwd: string) => Promise<void>) =>
  inFolder(async (cwd) => {
    mkdirSync(join(cwd, ".advisor"));
    await work(cwd);
  });

describe("tenants", () => {
  it("lists them", async () => {
    await inStore(async (cwd) => {
      const { core } = administered();
      const ran = await runCli(["tenants"], { core, cwd });
      expect(ran.code).toBe(0);
      expect(ran.out).toBe("PAGES  PASSAGES  TENANT\n1,200  4,400     default\n2      3         north\n");
      expect(json(await runCli(["tenants", "list", "--json"], { core, cwd }))).toMatchObject({ tenants });
    });
  });

  it("reindexes one, as its administrator", async () => {
    await inStore(async (cwd) => {
      const { core, asked } = administered();
      const ran = await runCli(["tenants", "reindex", "--tenant", "north"], { core, cwd });
      expect(ran).toMatchObject({
        code: 0,
        out: expect.stringContaining("Reindexed the tenant north: 2 pages"),
      });
      expect(asked).toEqual([["reindex", { tenant: "north", roles: ["administrator"] }]]);
    });
  });

  it("removes one only with --yes, and says what would go", async () => {
    await inStore(async (cwd) => {
      const { core, asked } = administered();
      const refused = await runCli(["tenants", "remove", "north"], { core, cwd });
      expect(refused).toMatchObject({
        code: 2,
        err: expect.stringContaining("removes its 2 pages and 3 passages for good. Add --yes"),
      });
      expect(asked).toEqual([]);
      const ran = await runCli(["tenants", "remove", "north", "--yes", "--json"], { core, cwd });
      expect(json(ran)).toMatchObject({ tenant: "north", documents: 2, chunks: 3 });
      expect(asked).toEqual([["removeTenant", { tenant: "north", roles: ["administrator"] }]]);
    });
  });

  it("names those there are when one is not", async () => {
    await inStore(async (cwd) => {
      const { core, asked } = administered();
      for (const argv of [
        ["remove", "nord", "--yes"],
        ["reindex", "--tenant", "nord"],
      ]) {
        const ran = await runCli(["tenants", ...argv], { core, cwd });
        expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("Use one of default, north") });
      }
      expect(asked).toEqual([]);
    });
  });
});

describe("--store", () => {
  it("takes a JSON file with a store's settings; its secrets come up nowhere", async () => {
    await inFolder(async (cwd) => {
      const { core } = administered();
      const store = {
        location: "s3://bucket/store",
        storageOptions: { aws_secret_access_key: "S3CRET" },
        allowRemote: true,
      };
      writeFileSync(join(cwd, "store.json"), JSON.stringify(store));
      const ran = await runCli(["tenants", "--store", "store.json"], { core, cwd });
      expect(ran.code).toBe(0);
      expect(core.settings[0]?.store).toEqual(store);
      writeFileSync(join(cwd, "folder.json"), '{"location": "kept"}');
      const missing = await runCli(["tenants", "--store", "folder.json"], { core, cwd });
      expect(missing).toMatchObject({ code: 1, err: expect.stringContaining(join(cwd, "kept")) });
      writeFileSync(join(cwd, "bad.json"), '{"secret": "S3CRET"');
      const bad = await runCli(["tenants", "--store", "bad.json"], { core, cwd });
      expect(bad).toMatchObject({ code: 2, err: expect.stringContaining("it is not JSON") });
      expect(bad.err).not.toContain("S3CRET");
    });
  });
});
