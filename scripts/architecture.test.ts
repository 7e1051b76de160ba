import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each package may import at run time, as drawn in docs/architecture.md. */
const arrows: Record<string, readonly string[]> = {
  "packages/contracts": [],
  "packages/nano": ["@advisor/contracts"],
  "packages/retrieval": ["@advisor/contracts"],
  "packages/adapters": ["@advisor/contracts"],
  "packages/core": ["@advisor/contracts", "@advisor/nano", "@advisor/retrieval", "@advisor/adapters"],
  "packages/cli": ["@advisor/contracts", "@advisor/core"],
  "apps/demo": ["@advisor/contracts", "@advisor/core"],
};

/** Heavy libraries, and the one file that may import each at run time. */
const heavy: Record<string, string> = {
  "@lancedb/lancedb": "packages/retrieval/src/store/lance.ts",
  "@xenova/transformers": "packages/retrieval/src/embed/transformers.ts",
  "node-llama-cpp": "packages/adapters/src/llama/runtime.ts",
  "pdfjs-dist": "packages/retrieval/src/extract/read-pdf.mjs",
  mammoth: "packages/retrieval/src/extract/read-docx.mjs",
};

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.(?:tsx?|mjs)$/.test(entry.name) && !/\.test(-d)?\.tsx?$/.test(entry.name)) yield path;
  }
}

/** Module names a file imports, with whether the import is erased by the compiler. */
function imports(path: string): { name: string; typeOnly: boolean }[] {
  const text = readFileSync(path, "utf8");
  const found: { name: string; typeOnly: boolean }[] = [];
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^"';]*?from\s+"([^"]+)"/gm)) {
    found.push({ name: match[2] as string, typeOnly: Boolean(match[1]) });
  }
  for (const match of text.matchAll(/^\s*import\s+"([^"]+)"/gm))
    found.push({ name: match[1] as string, typeOnly: false });
  for (const match of text.matchAll(/(typeof\s+)?\bimport\(\s*"([^"]+)"\s*\)/g)) {
    // `import("x").Type` and `typeof import("x")` in type positions are erased; a call is awaited or returned.
    const after = text.slice((match.index ?? 0) + match[0].length).trimStart();
    const typeOnly = Boolean(match[1]) || /^\.[A-Z]/.test(after);
    found.push({ name: match[2] as string, typeOnly });
  }
  return found;
}

const packageOf = (name: string) =>
  name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : name.split("/")[0];

describe("arrows point one way", () => {
  for (const [folder, allowed] of Object.entries(arrows)) {
    it(`${folder} imports only what is drawn below it`, () => {
      const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
      const declared = Object.keys(manifest.dependencies ?? {}).filter((name) =>
        name.startsWith("@advisor/"),
      );
      expect(declared.filter((name) => !allowed.includes(name))).toEqual([]);

      const wrong: string[] = [];
      for (const path of sources(join(root, folder, "src"))) {
        for (const { name } of imports(path)) {
          const target = packageOf(name) as string;
          const own = manifest.name === target;
          if (target.startsWith("@advisor/") && !own && !allowed.includes(target)) {
            wrong.push(`${relative(root, path)} imports ${name}`);
          }
          if (name.startsWith("..") && !join(path, "..", name).startsWith(join(root, folder))) {
            wrong.push(`${relative(root, path)} reaches out of its package: ${name}`);
          }
        }
      }
      expect(wrong).toEqual([]);
    });
  }
});

describe("heavy libraries have one door each", () => {
  for (const [library, door] of Object.entries(heavy)) {
    it(`${library} is imported in ${door} alone`, () => {
      const importers = new Set<string>();
      for (const folder of Object.keys(arrows)) {
        for (const path of sources(join(root, folder, "src"))) {
          if (imports(path).some(({ name, typeOnly }) => !typeOnly && packageOf(name) === library)) {
            importers.add(relative(root, path));
          }
        }
      }
      expect([...importers]).toEqual([door]);
    });
  }
});

describe("docs/architecture.md draws the house as it stands", () => {
  const text = readFileSync(join(root, "docs/architecture.md"), "utf8");
  for (const section of text.split(/^### /m).slice(1)) {
    const name = section.slice(0, section.indexOf("\n")).trim();
    const body = section.split(/^## /m)[0] as string;
    const folder = [`packages/${name}`, `apps/${name}`].find((path) => existsSync(join(root, path)));
    it(`every room named under ${name} is there`, () => {
      expect(folder).toBeDefined();
      const home = join(root, folder as string);
      // Whatever a bullet names before its colon is a room.
      const rooms = [...body.matchAll(/^- (.+?):/gm)].flatMap((bullet) =>
        [...(bullet[1] as string).matchAll(/`([^`]+)`/g)].map((match) => match[1] as string),
      );
      expect(rooms.length).toBeGreaterThan(0);
      const missing = rooms.filter(
        (room) => !existsSync(join(home, "src", room)) && !existsSync(join(home, room)),
      );
      expect(missing).toEqual([]);
    });
    it(`every folder of ${name} is drawn`, () => {
      const home = join(root, folder as string, "src");
      const folders = readdirSync(home).filter((entry) => statSync(join(home, entry)).isDirectory());
      expect(folders.filter((entry) => !body.includes(`\`${entry}/\``))).toEqual([]);
    });
  }
});
