import { expect, test } from "vitest";
import { selectionOf } from "./selection.ts";

const taken = (globs: Parameters<typeof selectionOf>[0], ...paths: string[]) => {
  const { includes, excludes } = selectionOf(globs);
  return paths.filter((path) => includes(path) && !excludes(path));
};

test.each<[string, readonly string[], readonly string[]]>([
  ["*.md", ["a.md", "deep/b.md", ".hidden/c.md"], ["a.txt", "a.md.bak"]],
  ["guides", ["guides/a.md", "x/guides/deep/b.md"], ["guide/a.md", "my-guides/a.md"]],
  ["guides/", ["guides/a.md", "x/guides/deep/b.md"], ["a.md"]],
  ["/guides", ["guides/a.md"], ["x/guides/a.md"]],
  ["./a.md", ["a.md"], ["x/a.md"]],
  ["guides/*.md", ["guides/a.md"], ["guides/x/a.md", "y/guides/a.md"]],
  ["guides/**", ["guides/a.md", "guides/x/a.md"], ["a.md"]],
  ["guides/**/*.{md,txt}", ["guides/a.md", "guides/x/y/a.txt"], ["guides/a.html"]],
  ["**/2024-[01]?/*", ["2024-01/a.md", "x/2024-12/b.md"], ["2024-x1/a.md"]],
  ["A.md", ["A.md"], ["a.md"]],
  ["we\\[i\\]rd.md", ["we[i]rd.md"], ["weird.md"]],
])("%s includes what it says, and excludes the same", (glob, inside, outside) => {
  const paths = [...inside, ...outside];
  expect(taken({ include: [glob] }, ...paths)).toEqual(inside);
  const { excludes } = selectionOf({ exclude: [glob] });
  const out = (path: string) =>
    path.split("/").some((_, i, parts) => excludes(parts.slice(0, i + 1).join("/")));
  expect(paths.filter(out)).toEqual(inside);
});

test("exclude wins over include, no include means everything, an empty one nothing", () => {
  expect(taken({ include: ["*.md"], exclude: ["b.*"] }, "a.md", "b.md")).toEqual(["a.md"]);
  expect(taken({}, "a.md")).toEqual(["a.md"]);
  expect(taken({ include: [] }, "a.md")).toEqual([]);
});

test.each(["../x", "a/../../b", "/", "./", "!a.md"])("%s is refused", (glob) => {
  expect(() => selectionOf({ exclude: [glob] })).toThrow(/^exclude ".*glob|names nothing/);
});
