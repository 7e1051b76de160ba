import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_PRINCIPAL, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePdf } from "../../test/make-pdf.ts";
import { openKnowledge } from "../knowledge.ts";

let root: string;
let pages: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bad-input-"));
  pages = join(root, "pages");
  await mkdir(pages);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = () => openKnowledge({ location: join(root, "store"), embedder: createFakeEmbedder() });
const find = async (knowledge: Retriever, query: string) =>
  (await knowledge.search({ query, principal: DEFAULT_PRINCIPAL, mode: "keyword", topK: 200 })).passages
    .map(({ uri }) => uri)
    .sort();

test("hostile names are stored as they are, or named with a reason; the rest goes on", async () => {
  const names = [
    "line\nbreak.md",
    "tab\tand\u001b[31mred.md",
    "it's; DROP TABLE x --.md",
    "' OR 1=1 --.md",
    `${"a".repeat(252)}.md`,
    "..md",
    "...md",
    "back\\slash.md",
    "e\u0301 and \u202egpj.md",
    "50% $HOME *?[x].md",
  ];
  for (const name of names) await writeFile(join(pages, name), `The zebra ${names.indexOf(name)}.`);
  // No text: bytes that are no UTF-8, as other systems write them.
  await writeFile(
    Buffer.concat([Buffer.from(`${pages}/`), Buffer.from([0x66, 0xff, 0xfe]), Buffer.from(".md")]),
    "zebra",
  );
  const visible = names.filter((name) => !name.startsWith("."));
  await using knowledge = await open();
  const report = await knowledge.sync(pages);
  expect([...report.added].sort()).toEqual([...visible].sort());
  expect(report.skipped.map(({ reason }) => reason)).toEqual(["its name is not valid UTF-8, rename it"]);
  expect(await find(knowledge, "zebra")).toEqual([...visible].sort());
  for (const name of visible) await rm(join(pages, name));
  await writeFile(join(pages, "last.md"), "The zebra.");
  expect((await knowledge.sync(pages)).removed).toHaveLength(visible.length);
});

test("hostile metadata is refused or kept as text, file by file", async () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]`;
  const files: Record<string, string> = {
    "bomb.md": bomb,
    "long.md": `note: "${"x".repeat(1024 * 1024)}"`,
    "value.md": `note: "${"x".repeat(10_000)}"`,
    "many.md": Array.from({ length: 100 }, (_, i) => `k${i}: ${i}`).join("\n"),
    "proto.md": `__proto__: 1\nconstructor: 2`,
    "sql.md": `owner: "' OR 1=1 --"`,
    "nan.md": "ratio: .nan\nlimit: .inf",
    "roles.md": `roles: ["' OR 1=1 --"]`,
    "nul.md": `owner: "a\\0b"`,
    "tag.md": "x: !!js/function 'function(){}'",
    "twice.md": "owner: a\nowner: b",
  };
  for (const [name, matter] of Object.entries(files))
    await writeFile(join(pages, name), `---\n${matter}\n---\nThe zebra.\n`);
  await using knowledge = await open();
  const begin = performance.now();
  const report = await knowledge.sync(pages);
  expect(performance.now() - begin).toBeLessThan(20_000);
  const reasons = Object.fromEntries(report.skipped.map(({ uri, reason }) => [uri, reason]));
  expect(reasons).toMatchObject({
    "bomb.md": expect.stringContaining("not valid YAML"),
    "long.md": expect.stringContaining("no closing ---"),
    "value.md": expect.stringContaining("at most 4,096 characters"),
    "many.md": expect.stringContaining("at most 64 keys"),
    "tag.md": expect.stringContaining("not valid YAML"),
    "twice.md": expect.stringContaining("not valid YAML"),
  });
  for (const { reason } of report.skipped) expect(reason.length).toBeLessThan(400);
  expect(report.added.length + report.skipped.length).toBe(Object.keys(files).length);
  expect(await find(knowledge, "zebra")).toEqual([...report.added].sort());
  // A rule that looks like SQL is a role like any other: nobody else reads the page.
  const { passages } = await knowledge.search({
    query: "zebra",
    principal: { tenant: "default", roles: ["x"] },
  });
  expect(passages).toEqual([]);
});

test("links in circles, files that vanish and PDFs that are bombs are named, and the store stays whole", async () => {
  await writeFile(join(pages, "good.md"), "The zebra.");
  await symlink("b.md", join(pages, "a.md"));
  await symlink("a.md", join(pages, "b.md"));
  await symlink(".", join(pages, "here"));
  await writeFile(join(pages, "gone.md"), "The heron.");
  await writeFile(join(pages, "many.pdf"), makePdf(Array.from({ length: 5001 }, () => ["zebra"])));
  await writeFile(join(pages, "broken.pdf"), makePdf([["zebra"]]).subarray(0, 200));
  await using knowledge = await open();
  let removed = false;
  const report = await knowledge.sync(pages, {
    // Listed, and gone before it is read: the listing is done when the first file is told.
    onProgress: async () => {
      if (!removed) await rm(join(pages, "gone.md"), { force: true });
      removed = true;
    },
  });
  const reasons = Object.fromEntries(report.skipped.map(({ uri, reason }) => [uri, reason]));
  expect(reasons).toMatchObject({
    "a.md": "it is a symbolic link that leads in a circle",
    "b.md": "it is a symbolic link that leads in a circle",
    here: "it is a symbolic link to a folder",
    "broken.pdf": expect.stringContaining("not a valid PDF"),
    "many.pdf": expect.stringContaining("more than the 5000"),
  });
  expect(await find(knowledge, "zebra")).toEqual(["good.md"]);
  expect(await knowledge.sync(pages)).toMatchObject({ added: [], changed: [], unchanged: 1 });
});
