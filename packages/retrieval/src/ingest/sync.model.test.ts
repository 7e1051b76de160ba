import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DEFAULT_PRINCIPAL, type Embedder, type Progress, type Retriever } from "@advisor/contracts";
import { createFakeEmbedder } from "@advisor/contracts/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { docxParts, heading, makeDocx, makeZip, paragraph } from "../../test/make-docx.ts";
import { makePdf } from "../../test/make-pdf.ts";
import { spawnChild } from "../../test/spawn-child.ts";
import { openKnowledge } from "../knowledge.ts";

let root: string;
let pages: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sync-"));
  pages = join(root, "pages");
  await mkdir(pages);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (location = join(root, "store")) => openKnowledge({ location, embedder: createFakeEmbedder() });
const put = async (files: Record<string, string | Buffer>, folder = pages) => {
  for (const [uri, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, uri)), { recursive: true });
    await writeFile(join(folder, uri), content);
  }
};
const find = async (knowledge: Retriever, query: string) =>
  (await knowledge.search({ query, principal: DEFAULT_PRINCIPAL, mode: "keyword", topK: 200 })).passages
    .map(({ uri }) => uri)
    .sort();

/** Every chunk of the store: what is found of words that each page has. */
const everything = async (knowledge: Retriever, word: string) => {
  const { passages } = await knowledge.search({
    query: word,
    principal: DEFAULT_PRINCIPAL,
    mode: "vector",
    topK: 200,
  });
  return passages
    .map(({ id, uri, start, end, text, version }) => ({ id, uri, start, end, text, version }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
};

describe("what is left out", () => {
  test("each file that cannot be taken in is named with its reason, and the rest goes on", async () => {
    await put({
      "good.md": "# Good\n\nThe zebra is striped.",
      "binary.md": Buffer.from([0x23, 0x20, 0x00, 0x01]),
      "latin1.txt": Buffer.from("caf\xe9 zebra", "latin1"),
      "utf16.txt": Buffer.from("\ufeffA zebra of the wide plain.", "utf16le"),
      "half.txt": Buffer.from("\ufeffzebra \ud83e", "utf16le"),
      "empty.md": "",
      "blank.html": " \n\t\n",
      "rule.md": "---\nroles: everyone\n---\nzebra",
      "photo.png": Buffer.from([0x89, 0x50, 0x4e, 0x47]),
      ".hidden.md": "zebra",
      ".git/config.md": "zebra",
      "node_modules/pkg/readme.md": "zebra",
      "deep/er/page.html": "<title>T</title><p>A zebra.</p>",
    });
    await put({ "outside.md": "A zebra outside." }, root);
    await symlink(join(root, "outside.md"), join(pages, "link-out.md"));
    await symlink(join(pages, "good.md"), join(pages, "link-in.md"));
    await symlink(pages, join(pages, "loop"));
    await symlink(join(root, "nowhere.md"), join(pages, "dangling.md"));
    execFileSync("mkfifo", [join(pages, "pipe.md")]);
    await using knowledge = await open();
    const report = await knowledge.sync(pages);
    expect(report.added).toEqual(["deep/er/page.html", "good.md", "link-in.md", "utf16.txt"]);
    expect(Object.fromEntries(report.skipped.map(({ uri, reason }) => [uri, reason]))).toEqual({
      "binary.md": expect.stringContaining("binary"),
      "latin1.txt": expect.stringContaining("UTF-8"),
      "half.txt": expect.stringContaining("not valid UTF-16"),
      "empty.md": expect.stringContaining("empty"),
      "blank.html": expect.stringContaining("empty"),
      "rule.md": expect.stringContaining("roles"),
      "photo.png": expect.stringContaining("none of the formats"),
      "link-out.md": expect.stringContaining("out of the folder"),
      loop: expect.stringContaining("link to a folder"),
      "dangling.md": expect.stringContaining("nothing"),
      "pipe.md": expect.stringContaining("regular"),
    });
    expect(await find(knowledge, "zebra")).toEqual([
      "deep/er/page.html",
      "good.md",
      "link-in.md",
      "utf16.txt",
    ]);
  });

  test("a store inside the folder is passed over", async () => {
    await put({ "a.md": "The zebra." });
    await using knowledge = await open(join(pages, "store"));
    await knowledge.sync(pages);
    expect(await knowledge.sync(pages)).toMatchObject({ unchanged: 1, skipped: [] });
  });

  test("a text file of 200 MB is refused by its size, unread", async () => {
    const file = await openFile(join(pages, "huge.txt"), "w");
    await file.truncate(200 * 1024 * 1024);
    await file.close();
    await put({ "a.md": "The zebra." });
    await using knowledge = await open();
    const before = performance.now();
    const report = await knowledge.sync(pages);
    expect(report.skipped).toEqual([
      { uri: "huge.txt", reason: expect.stringMatching(/200 MiB, more than the 16 MiB.*split it/) },
    ]);
    expect(report.added).toEqual(["a.md"]);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test("a file that became unreadable keeps its stored version", async () => {
    await put({ "a.md": "The zebra.", "b/c.md": "The zebra below.", "d.md": "Another zebra." });
    await using knowledge = await open();
    await knowledge.sync(pages);
    await put({ "a.md": Buffer.from([0xff, 0xff]) });
    await unlink(join(pages, "d.md"));
    if (process.getuid?.() !== 0) await chmod(join(pages, "b"), 0);
    const report = await knowledge.sync(pages);
    if (process.getuid?.() !== 0) await chmod(join(pages, "b"), 0o755);
    expect(report.removed).toEqual(["d.md"]);
    expect(await find(knowledge, "zebra")).toEqual(["a.md", "b/c.md"]);
  });
});

describe("what is read", () => {
  test("globs choose among the files, ignore files hold all the same, and what is chosen no more is removed", async () => {
    await put({
      "a.md": "zebra",
      "b.txt": "zebra",
      "guides/c.md": "zebra",
      "guides/drafts/d.md": "zebra",
      "guides/e.md": "zebra",
      ".gitignore": "e.md\n",
      "photo.png": "no page",
    });
    await using knowledge = await open();
    await knowledge.sync(pages, { include: ["*.md"], exclude: ["drafts"] });
    expect(await find(knowledge, "zebra")).toEqual(["a.md", "guides/c.md"]);
    const report = await knowledge.sync(pages, { include: ["guides/**"] });
    expect(report).toMatchObject({
      added: ["guides/drafts/d.md"],
      removed: ["a.md"],
      unchanged: 1,
      skipped: [],
    });
    await expect(knowledge.sync(pages, { include: ["!a.md"] })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(knowledge.sync(pages, { include: [""] })).rejects.toMatchObject({ code: "invalid_request" });
  });

  test("folders are sources of their own: a sync of one leaves the pages of the others", async () => {
    await put({ "one/a.md": "zebra", "two/a.md": "zebra" });
    await using knowledge = await open();
    await knowledge.sync(join(pages, "one"));
    await knowledge.sync(join(pages, "two"));
    await unlink(join(pages, "two/a.md"));
    await put({ "two/b.md": "zebra" });
    expect(await knowledge.sync(join(pages, "two"))).toMatchObject({ added: ["b.md"], removed: ["a.md"] });
    expect(await find(knowledge, "zebra")).toEqual(["a.md", "b.md"]);
  });

  /** Back by an hour, so that the file system's clock has left the file behind. */
  const age = async (uri: string) => {
    const then = new Date(Date.now() - 3_600_000);
    await utimes(join(pages, uri), then, then);
  };

  test("an edit is never missed: not one of the same size, not one with its old times put back", async () => {
    await put({ "a.md": "The zebra." });
    await using knowledge = await open();
    await knowledge.sync(pages);
    // At once, of the same length: no clock need tell the two apart.
    await put({ "a.md": "The heron." });
    expect(await knowledge.sync(pages)).toMatchObject({ changed: ["a.md"] });
    await age("a.md");
    await knowledge.sync(pages);
    await put({ "a.md": "The koala." });
    await age("a.md");
    expect(await knowledge.sync(pages)).toMatchObject({ changed: ["a.md"] });
    await writeFile(join(root, "b.md"), "The otter.");
    await rename(join(root, "b.md"), join(pages, "a.md"));
    await age("a.md");
    expect(await knowledge.sync(pages)).toMatchObject({ changed: ["a.md"] });
    expect(await find(knowledge, "otter")).toEqual(["a.md"]);
  });

  test("what others changed in the store is made good, and rehash reads everything", async () => {
    await put({ "a.md": "The zebra." });
    const store = join(root, "store");
    await using knowledge = await open(store);
    await knowledge.sync(pages, { defaultRoles: ["staff"] });
    // Other settings store other rows, of the same bytes.
    expect(await knowledge.sync(pages, { defaultRoles: ["hr"] })).toMatchObject({ changed: ["a.md"] });
    await rm(store, { recursive: true });
    await using fresh = await open(store);
    expect(await fresh.sync(pages)).toMatchObject({ added: ["a.md"] });
    expect(await fresh.sync(pages, { rehash: true })).toMatchObject({ unchanged: 1 });
  });
});

describe("formats", () => {
  test("a long page is read as a short one is, handed over in code too", async () => {
    const long = `# Zoo\n\n${"The keeper feeds the animals at nine. ".repeat(9000)}\n\n## Night\n\nThe okapi sleeps.\n`;
    await put({ "zoo.md": long });
    await using knowledge = await open();
    expect((await knowledge.sync(pages)).added).toEqual(["zoo.md"]);
    expect((await knowledge.upsert([{ uri: "again.md", text: long }])).added).toEqual(["again.md"]);
    const { passages } = await knowledge.search({
      query: "okapi",
      principal: DEFAULT_PRINCIPAL,
      mode: "keyword",
    });
    for (const { headings, start, end, text } of passages) {
      expect(headings).toEqual(["Zoo", "Night"]);
      expect(long.slice(start, end)).toBe(text);
    }
    expect(await find(knowledge, "okapi")).toEqual(["again.md", "zoo.md"]);
  });

  test("tables, records, source code, PDF and DOCX are found, each passage with its place, bad ones are named", async () => {
    const pdf = makePdf([["An introduction."], ["The zebra runs 65 km/h."]], { title: "Animals" });
    await put({
      "prices.csv": "animal,price\nlion,900\nzebra,700\n",
      "log.jsonl": '{"animal":"zebra","seen":3}\nnot json\n',
      "src/zoo.py": "import os\n\ndef feed_zebra(hay):\n    return hay\n",
      "book.pdf": pdf,
      "memo.docx": makeDocx(heading("Stable") + paragraph("The zebra sleeps standing.")),
      "locked.pdf": makePdf([["zebra"]], { encrypted: true }),
      "bomb.docx": makeZip([
        ...docxParts(paragraph("zebra")),
        { name: "word/b.xml", data: Buffer.alloc(70_000_000) },
      ]),
      "slip.docx": makeZip([...docxParts(paragraph("zebra")), { name: "../../evil.xml", data: "<a/>" }]),
      ".gitignore": "build/\n",
      "build/out.md": "A zebra that nobody wants.",
    });
    await using knowledge = await open();
    const report = await knowledge.sync(pages);
    expect([...report.added].sort()).toEqual([
      "book.pdf",
      "log.jsonl",
      "memo.docx",
      "prices.csv",
      "src/zoo.py",
    ]);
    expect(report.skipped).toEqual([
      { uri: "bomb.docx", reason: expect.stringContaining("would unpack to 67 MiB") },
      { uri: "locked.pdf", reason: "it is encrypted, save it without a password" },
      { uri: "slip.docx", reason: expect.stringContaining("outside itself") },
    ]);
    expect(report.warnings).toEqual([
      { code: "record_skipped", message: "log.jsonl: line 2 is not valid JSON, it was left out" },
    ]);
    const search = async (query: string) =>
      (await knowledge.search({ query, principal: DEFAULT_PRINCIPAL, mode: "keyword", topK: 10 })).passages;
    const places = Object.fromEntries(
      (await search("zebra")).map(({ uri, headings, place }) => [uri, { headings, place }]),
    );
    expect(places).toEqual({
      "book.pdf": { headings: [], place: { unit: "page", first: 2, last: 2 } },
      "log.jsonl": { headings: [], place: { unit: "line", first: 1, last: 1 } },
      "memo.docx": { headings: ["Stable"] },
      "prices.csv": { headings: ["animal, price"], place: { unit: "row", first: 2, last: 3 } },
      "src/zoo.py": { headings: ["feed_zebra"] },
    });
    expect((await search("price of a zebra"))[0]?.uri).toBe("prices.csv");
    expect((await search("km runs"))[0]).toMatchObject({ title: "Animals", text: "The zebra runs 65 km/h." });

    expect(await knowledge.sync(pages)).toMatchObject({ unchanged: 5, added: [], changed: [] });
    await put({ "book.pdf": makePdf([["The zebra now swims."]]), ".gitignore": "build/\n*.csv\n" });
    expect(await knowledge.sync(pages)).toMatchObject({ changed: ["book.pdf"], removed: ["prices.csv"] });
    expect((await search("swims"))[0]?.place).toEqual({ unit: "page", first: 1, last: 1 });
    // A stored page whose file went bad stays as it was.
    await put({ "book.pdf": "no PDF" });
    expect((await knowledge.sync(pages)).skipped.map(({ uri }) => uri)).toContain("book.pdf");
    expect((await search("swims"))[0]?.uri).toBe("book.pdf");
  });

  test("records and code are taken from code too", async () => {
    await using knowledge = await open();
    await knowledge.upsert([
      { uri: "a", text: "animal\tlegs\nzebra\t4\n", mediaType: "text/tab-separated-values" },
      { uri: "b.ts", text: "export const zebra = 1;\n", mediaType: "text/x-source-code" },
    ]);
    expect(await find(knowledge, "zebra")).toEqual(["a", "b.ts"]);
    expect(await find(knowledge, "legs")).toEqual(["a"]);
    const rows = Array.from({ length: 30 }, (_, i) => `SKU-${100 + i},${"a long description ".repeat(12)}`);
    await knowledge.upsert([{ uri: "c.csv", text: ["sku,text", ...rows].join("\n"), mediaType: "text/csv" }]);
    const request = { query: "SKU-110", principal: DEFAULT_PRINCIPAL, topK: 1 };
    const [row] = (await knowledge.search(request)).passages;
    expect(row?.place).toEqual({ unit: "row", first: 12, last: 12 });
    const neighbours = { before: 2, after: 3 };
    const [wide] = (await knowledge.search({ ...request, neighbours })).passages;
    expect(wide?.place).toEqual({ unit: "row", first: 10, last: 15 });
    expect(wide?.text.split("\n")).toHaveLength(6);
    expect(wide?.places?.map(({ first }) => first)).toEqual([10, 11, 12, 13, 14, 15]);
    for (const { first, start } of wide?.places ?? [])
      expect(wide?.text.slice(start - wide.start)).toMatch(new RegExp(`^SKU-${98 + first},`));
  });
});

describe("an interrupted sync", () => {
  const corpus = (round: number) =>
    Object.fromEntries(
      Array.from({ length: 160 }, (_, i): [string, string] => [
        `p${String(i).padStart(3, "0")}.md`,
        `# Page ${i}\n\nThe zebra of page ${i} in ${i % 4 === 0 ? `round ${round}` : "no round"}.\n\n## More\n\nIt eats grass ${i}.`,
      ]).filter((_, i) => (i + round) % 9 !== 0),
    );

  test("stopped by its signal, it keeps what was committed and goes on from there", async () => {
    await put(corpus(0));
    const controller = new AbortController();
    const embedder = createFakeEmbedder();
    let batches = 0;
    const stopping: Embedder = {
      ...embedder,
      // The second batch is embedded while the first is written, which is then under way and ends.
      embed: async (texts, kind, signal) => {
        if (kind === "passage" && ++batches === 2) controller.abort();
        return embedder.embed(texts, kind, signal);
      },
    };
    await using knowledge = await openKnowledge({ location: join(root, "store"), embedder: stopping });
    await expect(knowledge.sync(pages, { signal: controller.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    const stored = (await knowledge.status()).tenants[0]?.documents ?? 0;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(142);
    const report = await knowledge.sync(pages);
    expect(report.unchanged).toBe(stored);
    expect(report.added.length + stored).toBe(Object.keys(corpus(0)).length);
  });

  test("killed at any moment, the next one ends with exactly the chunks of a clean one", async () => {
    const store = join(root, "store");
    let kills = 0;
    for (let round = 0; round < 10; round++) {
      await rm(pages, { recursive: true });
      await put(corpus(round));
      const child = await spawnChild("sync-child.ts", store, pages);
      await child.ready;
      // Half the kills fall in the first commits, the others anywhere in a sync of some 300 ms.
      await new Promise((resolve) => setTimeout(resolve, round % 2 === 0 ? round * 8 : Math.random() * 300));
      child.kill();
      if ((await child.ended) === null) kills++;
      if (round % 3 !== 2) continue;
      await using knowledge = await open(store);
      await knowledge.sync(pages, { source: "folder" });
      const clean = await mkdtemp(join(root, "clean-"));
      await using fresh = await open(clean);
      await fresh.sync(pages, { source: "folder" });
      const status = async (retriever: Retriever) => (await retriever.status()).tenants;
      expect(await status(knowledge)).toEqual(await status(fresh));
      expect(await everything(knowledge, "zebra page round")).toEqual(
        await everything(fresh, "zebra page round"),
      );
      const ranked = async (retriever: Retriever) => find(retriever, `zebra round ${round}`);
      expect(await ranked(knowledge)).toEqual(await ranked(fresh));
    }
    expect(kills).toBeGreaterThanOrEqual(3);
  }, 180_000);
});

/** A file system of one megabyte, where this user may mount one. */
async function tinyDisk(): Promise<string | undefined> {
  const disk = join(root, "disk");
  await mkdir(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "ignore" });
    return disk;
  } catch {
    return undefined;
  }
}

test("a full disk fails the call, and nothing stored is lost", async (context) => {
  const disk = await tinyDisk();
  if (!disk) {
    context.skip();
    return;
  }
  try {
    await using knowledge = await open(join(disk, "store"));
    await knowledge.upsert([{ uri: "a", text: "The zebra is striped." }]);
    const noise = () => randomBytes(40).toString("hex");
    const text = Array.from({ length: 12_000 }, () => `The lion ${noise()} sleeps.`).join(" ");
    const big = { uri: "big", text };
    const full = { code: "store_disk_full", message: expect.stringMatching(/disk is full.*Free some space/) };
    await expect(knowledge.upsert([big])).rejects.toMatchObject(full);
    expect(await find(knowledge, "zebra")).toEqual(["a"]);
    expect(await find(knowledge, "lion")).toEqual([]);
    // With the space back, it goes on; the lock was given back.
    execFileSync("mount", ["-o", "remount,size=256m", disk]);
    expect(await knowledge.upsert([big])).toMatchObject({ added: ["big"] });
    expect((await find(knowledge, "lion"))[0]).toBe("big");
    expect(await find(knowledge, "zebra")).toEqual(["a"]);
  } finally {
    // Lazily: LanceDB lets go of its last files when they are garbage collected.
    execFileSync("umount", ["-l", disk]);
  }
});

test("progress counts files and names the one in hand", async () => {
  await put({ "a.md": "One.", "b.md": "Two." });
  await using knowledge = await open();
  const told: Progress[] = [];
  await knowledge.sync(pages, { onProgress: (progress) => told.push(progress) });
  expect(told).toEqual([
    { stage: "sync", done: 0, total: 2, unit: "files", subject: "a.md" },
    { stage: "sync", done: 1, total: 2, unit: "files", subject: "b.md" },
    { stage: "sync", done: 2, total: 2, unit: "files" },
  ]);
});

test("the folder's real path is its source, so a link to it syncs the same documents", async () => {
  await put({ "a.md": "The zebra." });
  await symlink(pages, join(root, "link"));
  await using knowledge = await open();
  await knowledge.sync(pages);
  expect(await knowledge.sync(join(root, "link"))).toMatchObject({ added: [], unchanged: 1 });
});

test("a copy of the store is the store", async () => {
  await put({ "a.md": "The zebra." });
  await (
    await (async () => {
      const knowledge = await open();
      await knowledge.sync(pages);
      return knowledge;
    })()
  ).dispose();
  await cp(join(root, "store"), join(root, "copy"), { recursive: true });
  await using knowledge = await open(join(root, "copy"));
  expect(await find(knowledge, "zebra")).toEqual(["a.md"]);
  expect(await readdir(join(root, "copy"))).not.toContain("writer.lock");
});
