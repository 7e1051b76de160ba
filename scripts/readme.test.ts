import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const readme = readFileSync(path("README.md"), "utf8");

describe("README.md", () => {
  it("begins with the example that runs as a test, in under 15 lines", () => {
    const [, snippet = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(snippet).toBe(readFileSync(path("examples/first-answer.ts"), "utf8"));
    expect(snippet.trim().split("\n").length).toBeLessThan(15);
  });

  it("links to files that are there", () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] as string);
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((link) => !existsSync(path(link)))).toEqual([]);
  });

  it("names versions that are installed", () => {
    for (const [, name, version] of readme.matchAll(/`([@a-z/-]+)` (\d+\.\d+\.\d+)/g)) {
      const manifests = ["packages/retrieval", "packages/adapters"].map((folder) =>
        JSON.parse(readFileSync(path(`${folder}/package.json`), "utf8")),
      );
      const declared = manifests.flatMap(({ dependencies }) => [
        dependencies[name as string],
        ...Object.values(dependencies)
          .filter((value) => String(value).startsWith(`npm:${name}@`))
          .map((value) => String(value).split("@").at(-1)),
      ]);
      expect(declared, name).toContain(version);
    }
  });
});
