import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeCore, loadedAdapter, status } from "../../test/fake-advisor.ts";
import { inFolder, json, runCli } from "../../test/run-cli.ts";

const late = {
  ...loadedAdapter(),
  name: "old-voice",
  warnings: [{ code: "review_due", message: "its review date, 2026-01-01, has passed" }],
};
const core = () => fakeCore({ status: async () => status({ adapters: [loadedAdapter(), late] }) });

describe("adapters", () => {
  it("lists what loads on the model and its state, and makes no store", async () => {
    await inFolder(async (cwd) => {
      const loaded = core();
      const ran = await runCli(["adapters", "--adapters", "x.gguf"], { core: loaded, cwd });
      expect(ran.code).toBe(0);
      expect(ran.out.split("\n").map((line) => line.trimEnd())).toEqual([
        "NAME         RANK  FORM     REVIEW BY   STATE",
        "house-voice  8     wrapped  2027-11-01  ok",
        "  Opens and closes as the support desk does.",
        "old-voice    8     wrapped  2027-11-01  review_due",
        "  Opens and closes as the support desk does.",
        "",
      ]);
      expect(loaded.settings[0]?.adapters).toEqual([join(cwd, "x.gguf")]);
      expect(existsSync(join(cwd, ".advisor"))).toBe(false);
      expect((await runCli(["adapters", "list"], { core: core() })).out).toBe(ran.out);
    });
  });

  it("marks the one that answers where none is named", async () => {
    const marked = fakeCore({
      status: async () => {
        const plain = status({ adapters: [loadedAdapter(), late] });
        return { ...plain, defaults: { ...plain.defaults, adapter: "old-voice" } };
      },
    });
    const { out } = await runCli(["adapters"], { core: marked });
    expect(out).toContain("old-voice (default)  8");
    expect(out).not.toContain("house-voice (default)");
    expect(json(await runCli(["adapters", "--json"], { core: marked }))).toMatchObject({
      default: "old-voice",
    });
  });

  it("lists for machines", async () => {
    const ran = await runCli(["adapters", "list", "--json"], { core: core() });
    expect(json(ran)).toMatchObject({
      model: "nano",
      default: null,
      adapters: [{ name: "house-voice", manifest: { rank: 8 }, warnings: [] }, { name: "old-voice" }],
    });
  });

  it("says what to do when there are none", async () => {
    const none = fakeCore({ status: async () => status({ adapters: [] }) });
    expect(await runCli(["adapters"], { core: none })).toMatchObject({
      code: 0,
      out: "No adapters for nano. Name one with --adapters FILE.\n",
    });
  });

  it("shows the manifest of one", async () => {
    const ran = await runCli(["adapters", "show", "old-voice"], { core: core() });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain("  writes       “Good day.”, the evidence, “Kind regards.”\n");
    expect(ran.out).toContain("  state        its review date, 2026-01-01, has passed\n");
    expect(json(await runCli(["adapters", "show", "house-voice", "--json"], { core: core() }))).toMatchObject(
      {
        manifest: loadedAdapter().manifest,
      },
    );
  });

  it("names those there are when it knows no such adapter", async () => {
    const ran = await runCli(["adapters", "show", "voice"], { core: core() });
    expect(ran.code).toBe(2);
    expect(ran.err).toContain("adapter voice: it is not loaded. Use one of house-voice, old-voice");
  });

  it("adds one: hands its facts on and prints where the manifest is", async () => {
    await inFolder(async (cwd) => {
      const seen: unknown[] = [];
      const adding = fakeCore({
        addAdapterManifest: async (options) => {
          seen.push(options);
          return { manifest: loadedAdapter().manifest, path: join(cwd, "v.manifest.json") };
        },
      });
      const form = { type: "wrapped", opening: ["Hi."], closing: ["Bye."], separator: "\n" };
      writeFileSync(join(cwd, "form.json"), JSON.stringify(form));
      const flags = ["--base", "b.gguf", "--name", "v", "--description", "d", "--review-by", "2027-01-01"];
      const ran = await runCli(["adapters", "add", "v.gguf", ...flags, "--form", "form.json"], {
        core: adding,
        cwd,
      });
      expect(ran.code).toBe(0);
      expect(ran.out).toContain(`Wrote ${join(cwd, "v.manifest.json")}\n`);
      await runCli(["adapters", "add", "v.gguf", "--base", "nano", "--form", "free", "--replace"], {
        core: adding,
        cwd,
      });
      expect(seen).toEqual([
        {
          file: join(cwd, "v.gguf"),
          base: join(cwd, "b.gguf"),
          name: "v",
          description: "d",
          reviewBy: "2027-01-01",
          form,
        },
        { file: join(cwd, "v.gguf"), base: "nano", replace: true },
      ]);
    });
  });

  it("refuses a form file that is missing, is not JSON or no form", async () => {
    await inFolder(async (cwd) => {
      const argv = ["adapters", "add", "v.gguf", "--base", "nano", "--form", "form.json"];
      const missing = await runCli(argv, { core: fakeCore({}), cwd });
      expect(missing.code).toBe(2);
      expect(missing.err).toContain("--form form.json: cannot be read");
      writeFileSync(join(cwd, "form.json"), "{");
      const broken = await runCli(argv, { core: fakeCore({}), cwd });
      expect(broken.code).toBe(2);
      expect(broken.err).toContain("--form form.json: is not JSON");
      writeFileSync(join(cwd, "form.json"), '{"type":"wrapped","opening":[]}');
      const wrong = await runCli(argv, { core: fakeCore({}), cwd });
      expect(wrong.code).toBe(2);
      expect(wrong.err).toContain("--form form.json, opening: ");
    });
  });
});
