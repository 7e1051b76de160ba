import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = "@advisor/source";

interface Manifest {
  readonly name: string;
  readonly exports?: Record<string, Record<string, string>>;
  readonly publishConfig?: { readonly exports?: Record<string, Record<string, string>> };
  readonly files?: readonly string[];
  readonly bin?: Record<string, string>;
  readonly [field: string]: unknown;
}

const namesIn = (manifest: Manifest, field: string) => Object.keys((manifest[field] ?? {}) as object);

/** Every module that the shipped sources of a package name, types included: declarations name them too. */
function imported(folder: string): Set<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.tsx?$/.test(entry) || /\.test(-d)?\.tsx?$/.test(entry)) continue;
    const text = readFileSync(join(folder, entry), "utf8");
    for (const match of text.matchAll(/(?:\bfrom\s+|^import\s+|\bimport\(\s*)"([\w@./-]+)"/gm)) {
      const name = match[1] as string;
      if (name.startsWith(".") || name.startsWith("node:") || builtinModules.includes(name)) continue;
      found.add(
        name
          .split("/")
          .slice(0, name.startsWith("@") ? 2 : 1)
          .join("/"),
      );
    }
  }
  return found;
}

describe.each(readdirSync(join(root, "packages")))("the manifest of packages/%s", (folder) => {
  const home = join(root, "packages", folder);
  const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as Manifest;

  it("says what a registry shows", () => {
    for (const field of ["description", "license", "engines", "files", "version"]) {
      expect(manifest[field], field).toBeTruthy();
    }
    for (const file of manifest.files ?? []) {
      if (file !== "dist") expect(existsSync(join(home, file)), file).toBe(true);
    }
  });

  it("declares exactly what the sources import", () => {
    const used = imported(join(home, "src"));
    used.delete(manifest.name);
    const declared = [...namesIn(manifest, "dependencies"), ...namesIn(manifest, "peerDependencies")];
    const typesOnly = namesIn(manifest, "devDependencies")
      .filter((name) => name.startsWith("@types/"))
      .map((name) => name.slice("@types/".length));
    expect([...used].filter((name) => !declared.includes(name) && !typesOnly.includes(name))).toEqual([]);
    expect(declared.filter((name) => !used.has(name))).toEqual([]);
  });

  it("publishes its built files alone, under the names it has here", () => {
    const published = Object.fromEntries(
      Object.entries(manifest.exports ?? {}).map(([path, { [SOURCE]: _, ...conditions }]) => [
        path,
        conditions,
      ]),
    );
    expect(manifest.publishConfig?.exports ?? {}).toEqual(published);
    for (const [path, conditions] of Object.entries(manifest.exports ?? {})) {
      const source = conditions[SOURCE] as string;
      expect(existsSync(join(home, source)), path).toBe(true);
      const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
      expect(conditions).toEqual({ [SOURCE]: source, types: `${built}.d.ts`, default: `${built}.js` });
    }
  });
});
