import { expect, it } from "vitest";
import { folders } from "./folders.ts";

it("groups pages by their top folder, each once, in order", () => {
  const page = (uri: string) => ({ id: `id ${uri}`, uri, title: uri });
  const all = ["hr/b.md", "README.md", "hr/a.md", "hr/b.md", "finance/x/y.md"].map(page);
  expect(folders(all).map(({ name, pages }) => [name, pages.map(({ uri }) => uri)])).toEqual([
    ["finance", ["finance/x/y.md"]],
    ["hr", ["hr/a.md", "hr/b.md"]],
    ["pages", ["README.md"]],
  ]);
});
