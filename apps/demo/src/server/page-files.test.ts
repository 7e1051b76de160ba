import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { readPageFiles } from "./page-files.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

it("knows the files of the page by their paths, and no others", () => {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  folders.push(folder);
  mkdirSync(join(folder, "page/assets"), { recursive: true });
  writeFileSync(join(folder, "page/index.html"), "<p>");
  writeFileSync(join(folder, "page/assets/a-1.js"), "1");
  writeFileSync(join(folder, "page/notes.txt"), "not for the page");
  writeFileSync(join(folder, "secret.js"), "2");
  symlinkSync(join(folder, "secret.js"), join(folder, "page/assets/link.js"));
  const files = readPageFiles(join(folder, "page"));
  expect([...files.keys()].sort()).toEqual(["/assets/a-1.js", "/index.html"]);
  expect(files.get("/index.html")).toMatchObject({ type: "text/html; charset=utf-8", immutable: false });
  expect(files.get("/assets/a-1.js")).toMatchObject({ immutable: true });
});
